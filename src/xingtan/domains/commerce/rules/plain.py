"""Amounts and instants as a person takes them along: plain text that any program reads."""

from datetime import datetime

from xingtan.core.money import Money


def amount_text(amount: Money) -> str:
    """Return an amount such as ``199.00 CNY``."""
    return f"{amount.major()} {amount.currency}"


def instant_text(at: datetime | None) -> str | None:
    """Return an instant in ISO 8601; None for none."""
    return at.isoformat() if at else None
