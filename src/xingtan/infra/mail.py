"""Mail: a letter, how it becomes a message, and the two ways out: a folder that the studio shows, or SMTP.

1. A header holds no line break and no control character, so no name or title can write a header of its own.
2. A 4xx, a dead line or a wrong password is `Unavailable` and worth a retry; a recipient or a message that the server
   turns down for good (5xx) is `Refused`. Neither sentence holds an address.
3. A letter that goes out twice carries the same Message-ID when the caller names it, and mailboxes show it once.
"""

import mailbox
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import SMTP, Policy
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, Protocol
from uuid import uuid4

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, Refused, Unavailable, say

_LONGEST_HEADER = 900  # RFC 5322 §2.1.1 allows 998 in a line
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]|[\ud800-\udfff]")
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")
_ADDRESS = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@(?P<domain>[^\s@<>(),;:\"\\]{1,253})"
)
_OWN_HEADERS = {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"}
_VERBATIM = ("list-unsubscribe", "list-unsubscribe-post", "message-id")
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said to one recipient, ``a@example.org`` or ``Ann <a@example.org>``; `headers` like List-Unsubscribe."""

    to: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter in the mail folder, as the studio shows it. `html` is what was sent: show it in a sandbox."""

    id: str
    sender: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    headers: Mapping[str, str]


class Mailer(Protocol):
    """A way out for messages made by `compose`."""

    def send(self, message: EmailMessage) -> None:
        """Hand `message` over; `Unavailable` when to try again, `Refused` when never."""
        ...


class _VerbatimHeader(UnstructuredHeader, BaseHeader):
    """A header that is never folded or encoded: RFC 8058 and RFC 5322 §3.6.4 want it as it is."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """Return the one line."""
        return f"{self.name}: {self}{policy.linesep}"


_registry = HeaderRegistry()
for _name in _VERBATIM:
    _registry.map_to_type(_name, _VerbatimHeader)
_POLICY = SMTP.clone(header_factory=_registry)


def compose(letter: Letter, sender: str, *, clock: Clock, message_id: str = "") -> EmailMessage:
    """Return `letter` as a message from `sender`: plain text, with an HTML alternative when there is one.

    `message_id` is a word of the caller's (a row's id), unique in this academy; random when empty. `Invalid` for an
    address that is none, and for a line break in any header.
    """
    message = EmailMessage(policy=_POLICY)
    from_address = _address("sender", sender)
    message["From"] = from_address
    message["To"] = _address("to", letter.to)
    message["Subject"] = _checked("subject", letter.subject)
    message["Date"] = clock.now()
    message["Message-ID"] = f"<{_checked('message_id', message_id or uuid4().hex)}@{from_address.domain}>"
    for name, value in letter.headers.items():
        if name.lower() in _OWN_HEADERS or name.lower().startswith("content-") or not re.fullmatch(r"[A-Za-z-]+", name):
            raise Invalid.of("headers", say("This header cannot be set."))
        message[name] = _checked("headers", value)
    message.set_content(letter.text, cte=_encoding(letter.text))
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte=_encoding(letter.html))
    return message


def _encoding(text: str) -> str:
    """Return an encoding that every server can carry: base64 is the shorter one for Chinese."""
    return "quoted-printable" if text.isascii() else "base64"


def _checked(name: str, value: str) -> str:
    if _CONTROL.search(value) or len(value) > _LONGEST_HEADER:
        raise Invalid.of(name, say("This line holds a line break, or is too long."))
    return value


def _address(name: str, text: str) -> Address:
    named = _NAMED_ADDRESS.fullmatch(_checked(name, text).strip())
    display, bare = (named["name"].strip(' "'), named["address"]) if named else ("", text)
    match = _ADDRESS.fullmatch(bare.strip())
    if match is None:
        raise Invalid.of(name, say("This is not a mail address."))
    try:
        domain = match["domain"].encode("idna").decode("ascii")
        return Address(display, match["local"], domain)
    except (UnicodeError, ValueError, IndexError) as error:
        raise Invalid.of(name, say("This is not a mail address.")) from error


class MaildirMailer:
    """Keeps messages in a Maildir: the mail of an academy without a mail server, for the studio to show."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write `message` into the folder. Durable when it returns."""
        try:
            self._open().add(message.as_bytes())
            _sync_folder(self._folder / "new")
        except OSError as error:
            raise Unavailable(say("The mail folder cannot be written to.")) from error

    def letters(self, limit: int) -> list[SentLetter]:
        """Return the newest `limit` letters, newest first."""
        box = self._open()
        newest = sorted(box.keys(), key=_arrival, reverse=True)[:limit]
        return [_sent_letter(key, box.get_bytes(key)) for key in newest]

    def read(self, letter_id: str) -> SentLetter:
        """Return one letter; `NotFound` when there is none of that id."""
        try:
            return _sent_letter(letter_id, self._open().get_bytes(letter_id))
        except KeyError:
            raise NotFound(say("There is no such letter.")) from None

    def _open(self) -> mailbox.Maildir:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return mailbox.Maildir(self._folder, create=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _arrival(key: str) -> tuple[int, ...]:
    """Return the order of a Maildir name: seconds, microseconds and the count in the process."""
    match = re.match(r"(\d+)\.M(\d+)P\d+Q(\d+)", key)
    return tuple(int(number) for number in match.groups()) if match else (0,)


def _sent_letter(letter_id: str, raw: bytes) -> SentLetter:
    message = BytesParser(policy=_POLICY).parsebytes(raw)
    return SentLetter(
        id=letter_id,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])),
        text=_content(message.get_body(("plain",))),
        html=_content(message.get_body(("html",))),
        headers={name: str(value) for name, value in message.items()},
    )


def _content(part: MIMEPart | None) -> str:
    """Return the part's text, with the line ends of text rather than of mail."""
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


class SmtpMailer:
    """Hands messages to a mail server, one connection each. With TLS the server's certificate is checked."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str = "",
        password: str = "",
        tls: Literal["starttls", "implicit", "none"] = "starttls",
        timeout_s: float = 20,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._username, self._password = username, password
        self._tls, self._tls_context = tls, tls_context

    def send(self, message: EmailMessage) -> None:
        """Send `message` to its one recipient."""
        sender, recipient = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            with self._connect() as server:
                server.sendmail(sender, [recipient], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            raise _answer(code) from error
        except smtplib.SMTPDataError as error:
            raise _answer(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(say("The mail server does not answer, or does not let us in.")) from error

    def _connect(self) -> smtplib.SMTP:
        context = self._tls_context or ssl.create_default_context()
        server: smtplib.SMTP
        if self._tls == "implicit":
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            if self._tls == "starttls":
                server.starttls(context=context)
            if self._username:
                server.login(self._username, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _answer(code: int) -> Refused | Unavailable:
    if code >= _PERMANENT:
        return Refused(say("The mail server turned this letter down: %(code)s.", code=code))
    return Unavailable(say("The mail server asked us to come back later: %(code)s.", code=code))
