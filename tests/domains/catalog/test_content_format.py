"""The page on the content format says what the importer reads."""

import re
from pathlib import Path

import yaml

from tests.domains.catalog.conftest import Shop
from tests.domains.catalog.sources import OWN, take
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.catalog.exporters.folder import folder_texts
from xingtan.domains.catalog.exporters.reading import whole_product

PAGE = (Path(__file__).parents[3] / "docs" / "explanations" / "content-format.md").read_text(encoding="utf-8")


def test_the_questions_on_the_page_are_questions() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    questions = catalog.parse_questions(yaml.safe_load(block)["questions"])
    assert [question["kind"] for question in questions] == ["single", "number", "text"]
    assert catalog.grade(questions[0], "a").points == 2
    assert catalog.grade(questions[1], "900.4").is_right


def test_every_field_that_is_written_is_on_the_page(shop: Shop) -> None:
    take(shop, OWN)
    product = shop.read(lambda s: whole_product(s, SYSTEM, "small"))
    for path, text in folder_texts(product, price={"model": "free"}):
        front = text if path.endswith(".yaml") else text.split("---\n")[1] if text.startswith("---\n") else ""
        for field in yaml.safe_load(front) or {}:
            assert f"`{field}`" in PAGE or f"{field}:" in PAGE, (path, field)


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    assert f"{catalog.LONGEST_BODY:,} characters" in PAGE
    for kind in (*catalog.PRODUCT_KINDS, *catalog.LESSON_KINDS, *catalog.QUESTION_KINDS, *catalog.DIFFICULTIES):
        assert kind in PAGE
