"""What is settled when a template is compiled is what a call would have said."""

import pytest
from jinja2 import DictLoader, Environment

from xingtan.web.folding import FoldingEnvironment, sentence_folder

_TEXTS = {"Menu": "目录", "All of it: 100%%": "全部：100%%", "<b>Bold</b>": "<b>粗</b>", "%(n)s pages": "%(n)s 页"}
_TEMPLATES = {
    "plain": '{{ _("Menu") }} {{ _("All of it: 100%%") }} {{ _("<b>Bold</b>") }} {{ _("Unknown & free") }}',
    "joined": '{% set other = _("Menu") %}{{ other ~ "<" }} {{ ("<" ~ _("Menu"))|e }}',
    "with words": '{{ _("%(n)s pages", n="<3>") }} {{ _(word) }}',
    "in a macro": '{% macro m(label) %}<a title="{{ label }}">{% endmacro %}{{ m(_("Menu")) }}{{ m("<") }}',
}
calls: list[str] = []


def _said(msgid: str) -> str:
    calls.append(msgid)
    return _TEXTS.get(msgid, msgid)


def _environment(kind: type[Environment], **more: object) -> Environment:
    made = kind(loader=DictLoader(_TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"], **more)  # type: ignore[arg-type]
    made.install_gettext_callables(_said, lambda one, many, n: one if n == 1 else many, newstyle=True)  # type: ignore[attr-defined]
    return made


folding = _environment(FoldingEnvironment, foldable={"_": sentence_folder(_said)})
calling = _environment(Environment)


@pytest.mark.parametrize("name", _TEMPLATES)
def test_a_settled_sentence_reads_as_a_called_one(name: str) -> None:
    assert folding.get_template(name).render(word="Menu") == calling.get_template(name).render(word="Menu")


def test_a_sentence_of_literals_is_not_looked_up_again() -> None:
    template = folding.get_template("plain")
    calls.clear()
    assert template.render().startswith("目录 全部：100% <b>粗</b>")
    assert calls == []


def test_a_sentence_with_words_is_looked_up_each_time() -> None:
    template = folding.get_template("with words")
    calls.clear()
    assert template.render(word="Menu") == "&lt;3&gt; 页 目录"
    assert calls == ["%(n)s pages", "Menu"]
