"""Templates hold markup only: they parse, escape, run no inline script, and say nothing outside `_()`."""

import re
from collections.abc import Callable, Iterator

import pytest
from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, nodes

from tests.architecture.tree import SOURCE, name, none

TEMPLATES = sorted(path for path in SOURCE.rglob("templates/**/*") if path.suffix in (".html", ".xml", ".txt", ".typ"))
ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n", "jinja2.ext.do"])

# What `safe` may be said of: pictures and documents that our own code made and cleaned.
SAFE = {
    ("components.html", "ICONS[name]"),
    # rendered and sanitised by the catalogue, whose tests hold that no script survives
    ("lesson.html", "preview"),
    ("product.html", "preview"),
    ("_room.html", "question.ask_html"),
    ("_room.html", "choice.text_html"),
    ("_room.html", "answer.ask_html"),
    ("_room.html", "text_html"),
    ("_room.html", "answer.because[id]"),
    ("_room.html", "answer.explanation_html"),
}
# Said the same in every language.
SAME_EVERYWHERE = {"/topics/", "English", "中文", "Xingtan", "杏坛"}

CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
TAG = re.compile(r"<!--.*?-->|<(script|style|code|kbd|samp)\b.*?</\1\s*>|</?[a-zA-Z!][^>]*>", re.DOTALL)
# A macro may hold attributes without their tag.
ATTRIBUTE = re.compile(r"""[a-z:-]+=(["']).*?\1""", re.DOTALL)
BARE_ATTRIBUTES = {"autofocus", "checked", "disabled", "hidden", "multiple", "open", "readonly", "required", "selected"}
WORD = re.compile(r"[A-Za-z]{2,}")
SPOKEN_ATTRIBUTE = re.compile(r"""\s(?:alt|aria-label|aria-description|placeholder|title)=(["'])((?:(?!\1)[^\0])+)\1""")
HANDLER = re.compile(r"""<[a-zA-Z][^<>]*\s((?:hx-)?on[a-z:-]+)\s*=""")
SCRIPT_URL = re.compile(r"""=\s*["']?\s*(javascript:)""", re.IGNORECASE)


def without_comments(source: str) -> str:
    return "".join(
        "\n" * value.count("\n") if kind == "comment" else value for _, kind, value in ENVIRONMENT.lex(source)
    )


def markup(source: str) -> str:
    """Return what stands outside Jinja: expressions become NUL, blocks and translated text vanish."""
    parts, previous, translated = [], "", False
    for _, kind, value in ENVIRONMENT.lex(source):
        if previous == "block_begin" and kind == "name":
            translated = value == "trans" or (translated and value != "endtrans")
        if kind == "data" and not translated:
            parts.append(value)
        elif kind == "variable_begin":
            parts.append("\0")
        if kind != "whitespace":
            previous = kind
    return "".join(parts)


def unreadable(called: str, source: str) -> Iterator[str]:
    try:
        ENVIRONMENT.parse(source, called)
    except TemplateSyntaxError as error:
        yield f"{called}:{error.lineno}: {error.message}"


def inline_scripts(called: str, source: str) -> Iterator[str]:
    text = markup(source)
    for found in (*HANDLER.finditer(text), *SCRIPT_URL.finditer(text)):
        yield f"{called}: {found[1]} is an inline script, which the Content-Security-Policy refuses"


def spelled(node: nodes.Node | None) -> str:
    """Return a simple expression as it is written; what the list of SAFE can name."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{spelled(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{spelled(node.node)}[{spelled(node.arg)}]"
        case nodes.Call():
            return f"{spelled(node.node)}(…)"
        case _:
            return "…"


def unescaped(called: str, source: str) -> Iterator[str]:
    try:
        tree = ENVIRONMENT.parse(source, called)
    except TemplateSyntaxError:
        return  # the rule above tells
    for found in tree.find_all(nodes.Filter):
        # What a template's author wrote out between quotation marks is as safe as the template.
        if isinstance(found.node, nodes.Const):
            continue
        if found.name == "safe" and (called.rpartition("/")[2], spelled(found.node)) not in SAFE:
            yield f"{called}:{found.lineno}: {spelled(found.node)}|safe is not on the list of what is safe"
    for scope in tree.find_all(nodes.ScopedEvalContextModifier):
        yield f"{called}:{scope.lineno}: autoescape is switched"


def untranslated(called: str, source: str) -> Iterator[str]:
    for number, line in enumerate(without_comments(source).splitlines(), 1):
        if chinese := [found for found in CJK.findall(line) if found not in SAME_EVERYWHERE]:
            yield f"{called}:{number}: {chinese[0]} stands in the template; write the English sentence in _()"
    if not called.endswith((".html", ".xml")):
        return
    text = markup(source)
    spoken = [found[2] for found in SPOKEN_ATTRIBUTE.finditer(text)]
    text = ATTRIBUTE.sub("\n", TAG.sub("\n", text))
    visible = re.split(r"[\0\n]", re.sub(r"&#?\w+;", " ", text))
    for line in (*spoken, *visible):
        if WORD.search(line) and line.strip() not in SAME_EVERYWHERE and not set(line.split()) <= BARE_ATTRIBUTES:
            yield f"{called}: {line.strip()!r} is not in _()"


RULES = [unreadable, inline_scripts, unescaped, untranslated]


@pytest.mark.parametrize("rule", RULES)
def test_templates(rule: Callable[[str, str], Iterator[str]]) -> None:
    assert TEMPLATES
    none(line for path in TEMPLATES for line in rule(name(path), path.read_text(encoding="utf-8")))


def test_what_is_said_to_be_safe_is_still_there() -> None:
    said = {
        (path.name, spelled(found.node))
        for path in TEMPLATES
        for found in ENVIRONMENT.parse(path.read_text(encoding="utf-8")).find_all(nodes.Filter)
        if found.name == "safe"
    }
    assert said >= SAFE


FAULTS = [
    (unreadable, "{% if x %}", "{% if x %}{% endif %}"),
    (inline_scripts, '<a class="{{ x }}" onclick="go()">', '<a class="on" data-on="1">{{ _("on = off") }}'),
    (inline_scripts, '<a hx-on:click="go()">', '<a hx-get="/x">'),
    (inline_scripts, '<a href="javascript:go()">', '<a href="{{ url("/javascript") }}">'),
    (unescaped, "{{ body|safe }}", "{# body|safe #}{{ body }}"),
    (unescaped, "{{ lesson.html() | safe }}", "{{ ' hidden'|safe }}"),
    (unescaped, "{{ ('<b>' ~ x)|safe }}", "{{ x|e }}"),
    (unescaped, "{% filter safe %}{{ x }}{% endfilter %}", "{{ safe(x) }}"),
    (unescaped, "{% autoescape false %}{{ x }}{% endautoescape %}", "{{ autoescape }}"),
    (untranslated, "<p>登录</p>", '<p>{{ _("Sign in") }}</p>{# 登录 #}'),
    (untranslated, "{{ '登录' }}", "{{ '中文' }}"),
    (untranslated, "<p>Sign in</p>", "<p>{% trans %}Sign in{% endtrans %}</p>"),
    (untranslated, "<p>{{ n }} lessons</p>", '<p>{{ ngettext("%(num)s lesson", "%(num)s lessons", n) }}</p>'),
    (untranslated, '<img alt="A terrace">', '<img alt=""><img alt="{{ name }}">'),
    (untranslated, "{% macro m() %}required Buy{% endmacro %}", '{% macro m() %} id="{{ x }}" required{% endmacro %}'),
    (untranslated, "<b>Buy</b>", "<script>const Buy = 1</script><kbd>Ctrl</kbd><b>&times; {{ price }} ·</b>"),
]


@pytest.mark.parametrize(("rule", "fault", "fine"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_a_planted_fault_is_found(rule: Callable[[str, str], Iterator[str]], fault: str, fine: str) -> None:
    assert list(rule("fault.html", fault))
    assert not list(rule("fine.html", fine))
