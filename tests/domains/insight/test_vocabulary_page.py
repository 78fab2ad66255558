"""The page about the behaviour log says what the code does."""

import re
from pathlib import Path

from xingtan.domains.insight import api as insight
from xingtan.domains.insight import recording
from xingtan.infra import analytics

PAGE = (Path(__file__).parents[3] / "docs/explanations/behaviour-log.md").read_text(encoding="utf-8")


def test_every_verb_stands_on_the_page_with_its_iri_and_its_context() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    told = {verb: (iri, context.strip()) for verb, iri, context in rows}
    assert told == {verb.value: (spec.iri, ", ".join(spec.context) or "–") for verb, spec in insight.VERBS.items()}


def test_the_page_shares_its_numbers_with_the_code() -> None:
    assert f"at most {analytics._CAPACITY:,} rows" in PAGE
    assert f"batches of {analytics._BATCH}" in PAGE
    assert analytics._INTERVAL_S == 1.0
    assert "every\nsecond" in PAGE
    assert f"remembered for {recording.REMEMBERED_S:g} seconds" in PAGE
    assert f"older than {insight.KEPT_IN_DATABASE.days} days" in PAGE
