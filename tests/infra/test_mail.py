"""Letters: composed, kept in a folder, and sent to a real SMTP server on loopback."""

import datetime as dt
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.ports import free_port
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Invalid, NotFound, Refused, Unavailable
from xingtan.infra.mail import Letter, MaildirMailer, SmtpMailer, compose

CLOCK = ManualClock(dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC))
SENDER = "杏坛书院 <academy@example.org>"
UNSUBSCRIBE = f"<https://academy.example.org/unsubscribe/{'t' * 200}>, <mailto:unsubscribe@example.org>"
LETTER = Letter(
    "张三 <zhang.san@example.com>",
    "您的订单已付款：《数据的直觉》" * 6,
    "你好，张三：\n\n.\n谢谢！\n",
    "<p>你好，<b>张三</b></p>",
    {"List-Unsubscribe": UNSUBSCRIBE, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)


def reread(message: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_a_letter_becomes_a_message_that_reads_back() -> None:
    message = compose(LETTER, SENDER, clock=CLOCK, message_id="order-7")
    raw = message.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 78 for line in head.split(b"\r\n") if not line.startswith(b"List-Unsubscribe:"))
    assert f"List-Unsubscribe: {UNSUBSCRIBE}\r\n".encode() in raw
    parsed = reread(message)
    assert parsed["Subject"] == LETTER.subject
    assert parsed["To"].addresses[0].display_name == "张三"
    assert parsed["From"].addresses[0].addr_spec == "academy@example.org"
    assert parsed["Message-ID"] == "<order-7@example.org>"
    assert parsed["Date"].datetime == CLOCK.now()
    assert parsed.get_content_type() == "multipart/alternative"
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == LETTER.text
    assert html.get_content().strip() == LETTER.html


def test_a_plain_letter_is_plain() -> None:
    message = compose(Letter("a@example.com", "Hello", "Hello\n"), "b@example.com", clock=CLOCK)
    assert reread(message).get_content_type() == "text/plain"
    again = compose(Letter("a@example.com", "Hello", "Hello\n"), "b@example.com", clock=CLOCK)
    assert message["Message-ID"] != again["Message-ID"]


@given(st.text(max_size=60), st.text(max_size=80))
def test_no_text_writes_a_header_of_its_own(subject: str, name: str) -> None:
    letter = Letter(f"{name} <a@example.com>", subject, "x", "", {"List-Unsubscribe": "<https://e.org>"})
    try:
        message = compose(letter, SENDER, clock=CLOCK)
    except Invalid:
        return
    names = [key.lower() for key in reread(message)]
    assert len(names) == len(set(names))
    assert set(names) <= {
        "from", "to", "subject", "date", "message-id", "list-unsubscribe", "content-type", "mime-version",
        "content-transfer-encoding",
    }  # fmt: skip


@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r", "\0", "\x0b", "\u2028", "\x85", "\ud800"])
@pytest.mark.parametrize("part", ["to", "subject", "headers", "sender", "message_id"])
def test_a_line_break_in_a_header_is_refused(part: str, breaking: str) -> None:
    bad = f"x{breaking}Bcc: everyone@example.com"
    letter = Letter(
        f"{bad} <a@example.com>" if part == "to" else "a@example.com",
        bad if part == "subject" else "Hello",
        "Hello",
        headers={"List-Unsubscribe": bad} if part == "headers" else {},
    )
    with pytest.raises(Invalid):
        compose(
            letter,
            f"{bad} <b@example.com>" if part == "sender" else "b@example.com",
            clock=CLOCK,
            message_id=bad if part == "message_id" else "",
        )


@pytest.mark.parametrize("name", ["Bcc", "from", "Content-Type", "Message-ID", "X Y", "X:", "", "X\r\nBcc"])
def test_a_header_of_ours_cannot_be_set(name: str) -> None:
    with pytest.raises(Invalid):
        compose(Letter("a@example.com", "s", "t", headers={name: "x"}), SENDER, clock=CLOCK)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b", "a@b@c", "a b@example.com", "a@exa mple.com", "a@b.c, d@e.f", "<a@b.c> x", "张三@example.com",
     "a@.com", "a@" + "x" * 64 + ".com", "a..b@example.com", "Ann <a@b.c> <d@e.f>"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        compose(Letter(address, "s", "t"), SENDER, clock=CLOCK)


def test_a_chinese_domain_travels_as_ascii() -> None:
    message = compose(Letter("a@杏坛.cn", "s", "t"), SENDER, clock=CLOCK)
    assert message["To"].addresses[0].domain == "xn--rdq72d.cn".replace("xn--rdq72d", "杏坛".encode("idna").decode())


def test_the_folder_shows_the_newest_first(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "home" / "mail")
    assert mailer.letters(10) == []
    for number in range(12):
        mailer.send(compose(Letter("a@example.com", f"第 {number} 封", f"{number}\n"), SENDER, clock=CLOCK))
    newest = mailer.letters(3)
    assert [letter.subject for letter in newest] == ["第 11 封", "第 10 封", "第 9 封"]
    assert mailer.read(newest[1].id) == newest[1]
    mailer.send(compose(LETTER, SENDER, clock=CLOCK))
    [kept] = mailer.letters(1)
    assert (kept.text, kept.subject) == (LETTER.text, LETTER.subject)
    assert kept.html.strip() == LETTER.html
    assert kept.sent_at == CLOCK.now()
    assert kept.headers["List-Unsubscribe"] == UNSUBSCRIBE


@pytest.mark.parametrize("letter_id", ["", "none", "../new/x", "/etc/passwd", "\0"])
def test_an_unknown_letter_is_not_found(tmp_path: Path, letter_id: str) -> None:
    with pytest.raises(NotFound):
        MaildirMailer(tmp_path / "mail").read(letter_id)


@pytest.mark.faults
def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(Unavailable):
        MaildirMailer(tmp_path / "mail").send(compose(LETTER, SENDER, clock=CLOCK))


class Postman:
    """A handler for aiosmtpd: keeps what comes, and answers as told."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.to_recipient = self.to_data = "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, *args: Any) -> str:  # noqa: N802 - aiosmtpd's name
        address, _options = args
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.to_data.startswith("250"):
            self.kept.append(envelope)
        return self.to_data


Serve = Callable[..., tuple[Postman, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Controller] = []

    def start(**options: Any) -> tuple[Postman, int]:
        postman, port = Postman(), free_port()
        controller = Controller(postman, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return postman, port

    yield start
    for controller in running:
        controller.stop()


def test_a_letter_arrives(serve: Serve) -> None:
    postman, port = serve()
    message = compose(LETTER, SENDER, clock=CLOCK)
    SmtpMailer("127.0.0.1", port, tls="none").send(message)
    [envelope] = postman.kept
    assert envelope.mail_from == "academy@example.org"
    assert envelope.rcpt_tos == ["zhang.san@example.com"]
    assert bytes(envelope.content or b"").rstrip(b"\r\n") == message.as_bytes().rstrip(b"\r\n")


@pytest.mark.faults
@pytest.mark.parametrize(
    ("recipient", "data", "expected"),
    [
        ("550 no such mailbox", "250 OK", Refused),
        ("450 try later", "250 OK", Unavailable),
        ("250 OK", "554 spam", Refused),
        ("250 OK", "452 full", Unavailable),
        ("421 closing", "250 OK", Unavailable),
    ],
)
def test_the_server_s_no_is_told_apart(serve: Serve, recipient: str, data: str, expected: type[Exception]) -> None:
    postman, port = serve()
    postman.to_recipient, postman.to_data = recipient, data
    with pytest.raises(expected) as caught:
        SmtpMailer("127.0.0.1", port, tls="none").send(compose(LETTER, SENDER, clock=CLOCK))
    assert caught.type is expected
    assert "example" not in str(caught.value)
    assert postman.kept == []


@pytest.mark.faults
def test_no_server_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        SmtpMailer("127.0.0.1", free_port(), tls="none", timeout_s=2).send(compose(LETTER, SENDER, clock=CLOCK))


@pytest.mark.faults
def test_a_server_without_tls_gets_nothing(serve: Serve) -> None:
    postman, port = serve()
    with pytest.raises(Unavailable):
        SmtpMailer("127.0.0.1", port, tls="starttls").send(compose(LETTER, SENDER, clock=CLOCK))
    assert postman.kept == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any) -> AuthResult:
    assert isinstance(login, LoginPassword)
    return AuthResult(success=login.password == b"right", handled=False)


def starttls(certificate: Path) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return {"tls_context": context, "require_starttls": True, "authenticator": authenticate, "auth_required": True}


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_starttls_and_a_password(serve: Serve, certificate: Path) -> None:
    postman, port = serve(**starttls(certificate))
    right = {"username": "academy", "password": "right", "tls_context": trusting(certificate)}
    SmtpMailer("localhost", port, **right).send(compose(LETTER, SENDER, clock=CLOCK))
    assert len(postman.kept) == 1
    with pytest.raises(Unavailable):
        SmtpMailer("localhost", port, **{**right, "password": "wrong"}).send(compose(LETTER, SENDER, clock=CLOCK))
    assert len(postman.kept) == 1


@pytest.mark.faults
def test_a_certificate_that_nobody_vouches_for_gets_nothing(serve: Serve, certificate: Path) -> None:
    postman, port = serve(**starttls(certificate))
    with pytest.raises(Unavailable):
        SmtpMailer("localhost", port).send(compose(LETTER, SENDER, clock=CLOCK))
    assert postman.kept == []


def test_implicit_tls(serve: Serve, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    postman, port = serve(ssl_context=context, server_hostname="localhost")
    mailer = SmtpMailer("localhost", port, tls="implicit", tls_context=trusting(certificate))
    mailer.send(compose(LETTER, SENDER, clock=CLOCK))
    assert len(postman.kept) == 1
    with pytest.raises(Unavailable):
        SmtpMailer("localhost", port, tls="implicit").send(compose(LETTER, SENDER, clock=CLOCK))


def test_a_server_that_hangs_up_is_unavailable(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    _, port = serve()

    def hang_up(*_: Any, **__: Any) -> None:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "sendmail", hang_up)
    with pytest.raises(Unavailable):
        SmtpMailer("127.0.0.1", port, tls="none").send(compose(LETTER, SENDER, clock=CLOCK))
