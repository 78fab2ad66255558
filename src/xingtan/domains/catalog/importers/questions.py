"""Questions of a source: those that hold are taken, the others are reported, one by one."""

from collections.abc import Mapping
from typing import Any

from xingtan.core.errors import Invalid, say
from xingtan.domains.catalog.importers.plan import Sources
from xingtan.domains.catalog.rules.quizzes import parse_questions


def sound_questions(sources: Sources, path: str, raw: object) -> tuple[Mapping[str, Any], ...]:
    """Return the questions of `raw` that are valid; each other one becomes a problem of `path`."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        sources.problem(path, say("Questions are a list."))
        return ()
    kept: list[Mapping[str, Any]] = []
    for number, each in enumerate(raw, start=1):
        try:
            parse_questions([each])
        except Invalid as error:
            for name, sentence in error.fields.items():
                sources.problem(path, sentence, name.replace("questions.0", f"questions.{number}"))
        else:
            kept.append(each)
    return tuple(kept)
