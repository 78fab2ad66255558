"""Pure decisions of the catalogue: Markdown, quizzes, slugs, fingerprints."""
