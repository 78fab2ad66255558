"""HTML of books and blogs to Markdown, formulas kept."""


def html_to_markdown(html: str) -> str:
    """Return `html` as Markdown. `ValueError` when it nests too deeply to be read."""
    from xingtan.domains.catalog.importers.html_words import (  # noqa: PLC0415 - only an import needs its parsers
        markdown_of,
    )

    return markdown_of(html)
