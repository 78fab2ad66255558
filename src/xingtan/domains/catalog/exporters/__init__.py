"""From rows to files: a Markdown folder in our own format, and EPUB 3."""
