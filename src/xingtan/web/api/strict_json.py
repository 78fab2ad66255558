"""Reading JSON bodies without mercy: what two readers could understand in two ways is refused.

1. UTF-8 only; no duplicate names, no NaN or Infinity, no numbers that overflow, nothing after the value, no nesting
   that exhausts the parser, no NUL and no lone surrogates in any text.
2. A body that is not JSON of that kind is `NotJson` (400), before anything else is looked at.
"""

import json
import math
import re
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any, NoReturn

from fastapi import Request
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from xingtan.core.errors import Refused, say
from xingtan.web.middleware import BodyTooLarge

MOST_BYTES = 4_000_000
_DEEPEST = 64
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotJson(Refused):
    """The body is not JSON that has one meaning."""

    code = "not-json"


def read_json(body: bytes) -> Any:
    """Return the value that `body` stands for; `NotJson` for anything doubtful."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise NotJson(say("This JSON is nested too deeply.")) from None
    except ValueError:  # bad UTF-8, bad JSON, a number with thousands of digits
        raise NotJson(say("This is not valid JSON in UTF-8.")) from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson(say("The same name stands twice in one JSON object."))
    return found


def _no_constant(_word: str) -> NoReturn:
    raise NotJson(say("NaN and Infinity are not JSON."))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson(say("A number in this JSON is too large."))
    return number


def _check(value: Any) -> None:
    """Raise for texts that no database stores, and for more levels than any request has."""
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, str):
            if _UNSTORABLE.search(each):
                raise NotJson(say("A text in this JSON holds characters that cannot be kept."))
        elif isinstance(each, (dict, list)):
            if depth > _DEEPEST:
                raise NotJson(say("This JSON is nested too deeply."))
            inside = [*each.keys(), *each.values()] if isinstance(each, dict) else each
            waiting.extend((one, depth + 1) for one in inside)


def check_type(header: str) -> None:
    """Raise a 415 unless a Content-Type says JSON, in UTF-8 where it says a charset."""
    message = Message()
    message["content-type"] = header
    subtype, charset = message.get_content_subtype(), message.get_content_charset("utf-8")
    is_json = message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    if not is_json or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise HTTPException(415)


class _Read(Request):
    """A request whose body has been read as JSON."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes, self._value = body, value

    async def body(self) -> bytes:
        """Return the bytes read before."""
        return self._bytes

    async def json(self) -> Any:
        """Return the value read before."""
        return self._value


class StrictRoute(APIRoute):
    """A route that reads its JSON body by `read_json`; forms with files are read as ever."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with the body read before it."""
        handler = super().get_route_handler()
        if self.body_field is None or isinstance(self.body_field.field_info, Form):
            return handler

        async def reading(request: Request) -> Response:
            body = await _bounded(request)
            if body:
                check_type(request.headers.get("content-type", ""))
            return await handler(_Read(request, body, read_json(body) if body else None))

        return reading


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            request.scope["state"]["body_limit"] = MOST_BYTES
            raise BodyTooLarge
    return bytes(body)
