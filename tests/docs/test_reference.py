"""The reference says what the code says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

GENERATOR = Path(__file__).parents[2] / "docs" / "reference" / "generate.py"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_generator", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page", ["settings.md", "commands.md", "errors.md", "events.md", "lifecycles.md", "operations.md"]
)
def test_each_page_is_what_the_code_says(generator: ModuleType, page: str) -> None:
    written = (GENERATOR.parent / page).read_text(encoding="utf-8")
    assert written == generator.PAGES[page](), f"docs/reference/{page} is old: run make docs"
