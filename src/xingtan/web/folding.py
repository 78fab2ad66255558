"""Sentences settled when a template is compiled: an environment speaks one language, so ``_("Menu")`` never changes.

A call of a foldable function whose arguments are all literals is replaced by what it returns; any other stays a call.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class _Folding(NodeTransformer):
    def __init__(self, functions: Mapping[str, Callable[..., object]]) -> None:
        self._functions = functions

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - the visitor's protocol
        self.generic_visit(node)
        is_plain = isinstance(node.node, nodes.Name) and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if not is_plain or not all(isinstance(argument, nodes.Const) for argument in node.args):
            return node
        function = self._functions.get(node.node.name)  # type: ignore[attr-defined]
        if function is None:
            return node
        value = function(*(argument.value for argument in node.args))  # type: ignore[attr-defined]
        return nodes.Const(value, lineno=node.lineno, environment=node.environment)


class FoldingEnvironment(Environment):
    """A Jinja environment that calls `foldable` functions with literal arguments once, when it compiles."""

    def __init__(self, *args: Any, foldable: Mapping[str, Callable[..., object]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._foldable = foldable

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        return super()._generate(_Folding(self._foldable).visit(source), *args, **kwargs)


def sentence_folder(gettext: Callable[[str], str]) -> Callable[[str], Markup]:
    """Return what ``_("…")`` without parameters comes to: safe HTML, with ``%%`` for a percent sign."""

    def fold(msgid: str) -> Markup:
        return Markup(gettext(msgid)) % {}  # noqa: S704 - sentences are ours, as newstyle gettext takes them

    return fold
