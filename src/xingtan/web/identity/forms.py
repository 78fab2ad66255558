"""What forms share: errors in the reader's words, limits on guessing, the hasher, the browser's name."""

from typing import Annotated

from fastapi import Form

from xingtan.core.errors import Invalid, Refused
from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge
from xingtan.web.translations import in_words

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]
Errors = dict[str, str]
"""Field name → sentence in the reader's language; the empty name is the form itself."""

GUESSES = ("10/minute", "100/hour")
CODES = ("5/minute", "30/hour", "100/day")


def errors_of(here: Edge, error: Refused) -> Errors:
    """Return a refusal as sentences at the fields they are about."""
    if isinstance(error, Invalid):
        return {name: in_words(sentence, here.language) for name, sentence in error.fields.items()}
    return {"": in_words(error.sentence, here.language)}


def limit(here: Edge, what: str, *keys: str, rules: tuple[str, ...] = GUESSES) -> None:
    """Count a try of each key on its own; `LimitReached` when one of them has tried too often."""
    for key in keys:
        for rule in rules:
            here.platform.limiter.check(rule, what, key)


def hasher(here: Edge) -> identity.Passwords:
    """Return the process's password hasher."""
    return identity.passwords(is_fast=here.platform.settings.argon2_fast)


def device(here: Edge) -> str:
    """Return the browser's name for the list of sessions."""
    return identity.device_label(here.request.headers.get("user-agent", "")[:400])


def new_password(here: Edge, text: str, *, email: str) -> str:
    """Return the hash of a new password; `Invalid` at the field ``password`` when it is too easy to guess."""
    problem = identity.password_problem(text, email=email)
    if problem is not None:
        raise Invalid.of("password", problem)
    return hasher(here).hash(text)


def site(here: Edge) -> identity.Site:
    """Return for whom this academy's passkeys are good."""
    academy = here.request.app.state.academy.view(here.language)
    return identity.Site(here.platform.settings.effective_base_url, academy.name)
