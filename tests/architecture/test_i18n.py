"""Every sentence has its Chinese: complete, current, with the same parameters, and nothing left over."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from tests.architecture.tree import SOURCE, name, none, python_files

KEYWORDS = {"_": None, "gettext": None, "say": None, "ngettext": (1, 2)}
CATALOGUES = SOURCE / "web" / "locale" / "zh"
PARAMETER = re.compile(r"%\((\w+)\)[a-z]|\{(\w+)\}")
LANGUAGE = "zh_Hans"

Msgid = str | tuple[str, ...]


def said_in(method: str, source: bytes) -> Iterator[tuple[int, Msgid]]:
    """Give (line, msgid) for every sentence in the source; method is babel's: python, jinja2."""
    # Jinja's extractor skips what it cannot parse unless it is told not to.
    options = {"silent": "false", "extensions": "jinja2.ext.do"}
    for line, msgid, _, _ in extract(method, BytesIO(source), KEYWORDS, options=options):
        if msgid not in ("", ("", "")):
            yield line, msgid


def said() -> dict[Msgid, str]:
    """Return every msgid of the product and the first place that says it."""
    places: dict[Msgid, str] = {}
    templates = [path for path in SOURCE.rglob("templates/**/*") if path.suffix in (".html", ".xml", ".txt", ".typ")]
    for method, paths in (("python", python_files()), ("jinja2.ext:babel_extract", sorted(templates))):
        for path in paths:
            for line, msgid in said_in(method, path.read_bytes()):
                places.setdefault(msgid, f"{name(path)}:{line}")
    return places


def translated(files: list[Path]) -> Iterator[Message]:
    for path in files:
        catalogue: Catalog = read_po(BytesIO(path.read_bytes()), locale=LANGUAGE, abort_invalid=True)
        yield from (message for message in catalogue if message.id)


def parameters(text: str) -> set[str]:
    return {first or second for first, second in PARAMETER.findall(text)}


def faults(places: dict[Msgid, str], messages: list[Message]) -> Iterator[str]:
    """Give what is wrong with the translations, one line each."""
    # gettext knows a plural entry by its singular.
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in messages}
    if len(known) != len(messages):
        ids = [message.id if isinstance(message.id, str) else message.id[0] for message in messages]
        yield from (f"{one!r} is translated twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
    for msgid, place in places.items():
        first, plural = (msgid, None) if isinstance(msgid, str) else (msgid[0], msgid[1])
        message = known.get(first)
        if message is None:
            yield f"{place}: {first!r} has no translation"
            continue
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        if not all(strings) or not strings:
            yield f"{place}: {first!r} has an empty translation"
        elif message.fuzzy:
            yield f"{place}: {first!r} is marked fuzzy: the sentence has changed since"
        elif plural is not None and not message.pluralizable:
            yield f"{place}: {first!r} counts, and its translation does not"
        for one in filter(None, strings):
            if parameters(one) != parameters(plural or first):
                yield f"{place}: {first!r} and {one!r} have different parameters"
    spoken = {msgid if isinstance(msgid, str) else msgid[0] for msgid in places}
    yield from (f"{one!r} is translated, and nobody says it" for one in sorted(known.keys() - spoken))


def test_every_sentence_has_its_chinese() -> None:
    places = said()
    assert places
    none(faults(places, list(translated(sorted(CATALOGUES.rglob("*.po"))))))


def test_an_english_plural_keeps_its_parameters() -> None:
    none(
        f"{place}: {msgid!r}"
        for msgid, place in said().items()
        if isinstance(msgid, tuple) and not parameters(msgid[0]) <= parameters(msgid[1])
    )


GOOD = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Hello, %(name)s."
msgstr "%(name)s，你好。"

msgid "%(num)s lesson"
msgid_plural "%(num)s lessons"
msgstr[0] "%(num)s 节课"
"""
PLACES: dict[Msgid, str] = {"Hello, %(name)s.": "here", ("%(num)s lesson", "%(num)s lessons"): "there"}


def _faults(po: str, tmp_path: Path, places: dict[Msgid, str] | None = None) -> list[str]:
    (tmp_path / "zh.po").write_text(po, encoding="utf-8")
    return list(faults(PLACES if places is None else places, list(translated([tmp_path / "zh.po"]))))


def test_a_good_catalogue_has_no_faults(tmp_path: Path) -> None:
    assert not _faults(GOOD, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%(name)s，你好。", ""),
        ("%(name)s，你好。", "%(nome)s，你好。"),
        ("%(name)s，你好。", "你好。"),
        ('msgid "Hello', '#, fuzzy\nmsgid "Hello'),
        ('msgid "Hello', 'msgid "Goodbye'),
        ("%(num)s 节课", "节课"),
        ("%(num)s 节课", ""),
        ('msgid_plural "%(num)s lessons"\nmsgstr[0]', "msgstr"),
    ],
)
def test_a_planted_fault_is_found(old: str, new: str, tmp_path: Path) -> None:
    assert old in GOOD
    assert _faults(GOOD.replace(old, new), tmp_path)


def test_an_orphan_is_found(tmp_path: Path) -> None:
    places = {msgid: place for msgid, place in PLACES.items() if isinstance(msgid, str)}
    assert _faults(GOOD, tmp_path, places) == ["'%(num)s lesson' is translated, and nobody says it"]


def test_sentences_are_found_in_templates_and_in_code() -> None:
    template = (
        b"{% do x %}{% if y %}{{ _('One') }}{{ ngettext('%(num)s a', '%(num)s b', n) }}{% endif %}<p>{{ _('Two') }}"
    )
    found = {msgid for _, msgid in said_in("jinja2.ext:babel_extract", template)}
    assert found == {"One", "Two", ("%(num)s a", "%(num)s b")}
    code = b'raise Refused(say("No %(x)s.", x=x))\n_("Yes")\nngettext("a", "b", n)'
    assert {msgid for _, msgid in said_in("python", code)} == {"No %(x)s.", "Yes", ("a", "b")}
