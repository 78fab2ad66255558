"""Mail addresses: what counts as one, how it is written down, how it is shown half hidden."""

import re
import unicodedata

from xingtan.core.errors import Invalid, say

LONGEST = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def parse_address(text: str, *, field: str = "email") -> str:
    """Return the address in normal form (NFKC, trimmed, domain in lower case and punycode); `Invalid` otherwise.

    A domain in other scripts is kept as punycode and shown so: an address that only looks like a known one is seen.
    Case and a ``+tag`` of the part before the @ are kept; the look-up ignores case and keeps the tag.
    """
    if not text.strip(" "):
        raise Invalid.of(field, say("Write your mail address."))
    shaped = unicodedata.normalize("NFKC", text.strip(" "))
    local, at, domain = shaped.rpartition("@")
    if not at or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise Invalid.of(field, say("This is not a mail address. It looks like name@example.org."))
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    is_domain = (len(labels) > 1 or ascii_domain == "localhost") and all(_LABEL.fullmatch(label) for label in labels)
    address = f"{local}@{ascii_domain}"
    if not is_domain or len(address) > LONGEST:
        raise Invalid.of(field, say("This is not a mail address. It looks like name@example.org."))
    return address


def masked(address: str) -> str:
    """Return the address with its name hidden: ``l…@example.org``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
