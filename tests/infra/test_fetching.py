"""Sending to addresses that people typed: which are refused by name, and what no answer can do to us."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.webhooks.receiver import answers, cuts, drips, never_ends, receiving, silent, speaks_no_http
from xingtan.core.clock import SystemClock
from xingtan.core.errors import Invalid
from xingtan.infra import fetching
from xingtan.infra.fetching import Failure, Limits, NotReached, Reach, Target, is_public, post, read_target

PRIVATE_ADDRESSES = {
    "loopback": "127.0.0.1",
    "loopback elsewhere": "127.8.8.8",
    "this host": "0.0.0.0",  # noqa: S104 - refused, not bound
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172.16": "172.16.0.1",
    "private 192.168": "192.168.1.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata in a shared network": "100.100.100.200",
    "metadata behind a public address": "168.63.129.16",
    "carrier-grade NAT": "100.64.0.1",
    "protocol assignments": "192.0.0.1",
    "documentation": "192.0.2.1",
    "relay to IPv6": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "global multicast": "232.1.1.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 site-local": "fec0::1",
    "IPv6 unique local": "fd00:ec2::254",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv4-mapped loopback": "::ffff:127.0.0.1",
    "IPv4-mapped public": "::ffff:8.8.8.8",
    "IPv4-compatible": "::7f00:1",
    "IPv4-translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "local NAT64": "64:ff9b:1::1",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001:0:7f00:1::",
    "discard": "100::1",
}
PUBLIC_ADDRESSES = ("1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80e::200e")

REFUSED_URLS = {
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_x",
    "ftp": "ftp://example.org/",
    "plain HTTP": "http://example.org/",
    "no scheme": "example.org/hook",
    "relative scheme": "//example.org/hook",
    "one slash": "https:/example.org",
    "no host": "https:///hook",
    "only a port": "https://:443/",
    "user": "https://user@example.org/",
    "user and password": "https://user:secret@example.org/",
    "user that looks like a host": "https://example.org@127.0.0.1/",
    "backslash": "https://example.org\\@127.0.0.1/",
    "fragment": "https://example.org/#a",
    "empty fragment": "https://example.org/#",
    "port 0": "https://example.org:0/",
    "port too large": "https://example.org:65536/",
    "port without a number": "https://example.org:/",
    "port in words": "https://example.org:http/",
    "negative port": "https://example.org:-1/",
    "trailing dot": "https://example.org./",
    "two dots": "https://example..org/",
    "leading dot": "https://.example.org/",
    "localhost": "https://localhost/",
    "localhost in capitals": "https://LOCALHOST/",
    "localhost below": "https://a.localhost/",
    "one word": "https://intranet/",
    "local": "https://printer.local/",
    "internal": "https://metadata.google.internal/",
    "two parts": "https://127.1/",
    "one part": "https://2130706433/",
    "three parts": "https://127.0.1/",
    "hexadecimal": "https://0x7f.1/",
    "one hexadecimal part": "https://0x7f000001/",
    "hexadecimal end": "https://127.0.0.0x1/",
    "bare 0x": "https://127.0.0.0x/",
    "octal": "https://0177.0.0.1/",
    "octal whole": "https://017700000001/",
    "public in octal": "https://010.8.8.8/",
    "public as one number": "https://134744072/",
    "five parts": "https://1.2.3.4.5/",
    "too large": "https://256.1.1.1/",
    "circled digits": "https://①②⑦.⓪.⓪.①/",
    "full-width digits": "https://１２７.０.０.１/",
    "ideographic dots": "https://127。0。0。1/",
    "zone": "https://[fe80::1%25eth0]/",
    "bare zone": "https://[2606:4700::1%eth0]/",
    "open bracket": "https://[::1/",
    "IPv6 future": "https://[v1.fe80::a]/",
    "blank": "https://example.org/a b",
    "blank before": " https://example.org/",
    "line break": "https://example.org/\r\nX-Evil: 1",
    "line break in the host": "https://example.org\r\nX: 1/",
    "tab": "https://exam\tple.org/",
    "NUL": "https://example.org/\x00",
    "NUL in the host": "https://example.org\x00.evil.org/",
    "percent in the host": "https://example%2eorg/",
    "Chinese path": "https://example.org/杏",
    "surrogate": "https://\ud800.example.org/",
    "empty": "",
    "long": f"https://example.org/{'a' * 2_000}",
    "long label": f"https://{'a' * 64}.org/",
    "underscore only": "https://-a-.example.org/",
    **{name: f"https://[{it}]/" if ":" in it else f"https://{it}/" for name, it in PRIVATE_ADDRESSES.items()},
}
TAKEN_URLS = {
    "https://example.org": Target("https", "example.org", 443, "/"),
    "HTTPS://Example.ORG:8443/a?b=c%20d&e": Target("https", "example.org", 8443, "/a?b=c%20d&e"),
    "https://杏坛.example.org/hook": Target("https", "xn--m93a09c.example.org", 443, "/hook"),
    "https://1.1.1.1/": Target("https", "1.1.1.1", 443, "/"),
    "https://[2606:4700:4700::1111]:444/": Target("https", "2606:4700:4700::1111", 444, "/"),
    "https://my_host.example.org?a": Target("https", "my_host.example.org", 443, "/?a"),
}


@pytest.mark.parametrize("name", REFUSED_URLS)
def test_this_address_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_target(REFUSED_URLS[name], reach=Reach.PUBLIC)
    assert set(refused.value.fields) == {"url"}


@pytest.mark.parametrize("url", TAKEN_URLS)
def test_this_address_is_taken(url: str) -> None:
    target = read_target(url, reach=Reach.PUBLIC)
    if "杏" in url:
        assert target.host == f"{'杏坛'.encode('idna').decode()}.example.org"
    else:
        assert target == TAKEN_URLS[url]


def test_with_leave_it_may_go_anywhere_but_still_in_one_spelling() -> None:
    assert read_target("http://127.0.0.1:5678/hook", reach=Reach.ANYWHERE).port == 5678
    assert read_target("http://n8n/hook", reach=Reach.ANYWHERE).authority == "n8n"
    assert read_target("http://[::1]:81/", reach=Reach.ANYWHERE).authority == "[::1]:81"
    for url in ("http://0x7f.1/", "file:///etc/passwd", "http://a@localhost/"):
        with pytest.raises(Invalid):
            read_target(url, reach=Reach.ANYWHERE)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_taken_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example.org/{text}"):
        try:
            target = read_target(url, reach=Reach.PUBLIC)
        except Invalid:
            continue
        written = f"{target.authority}{target.path}"
        assert written.isascii()
        assert not set(target.authority) & set(" \r\n\t\x00\\@#/?")
        assert not set(target.path) & set(" \r\n\t\x00#")


@pytest.mark.parametrize("name", PRIVATE_ADDRESSES)
def test_this_address_is_not_public(name: str) -> None:
    assert not is_public(ipaddress.ip_address(PRIVATE_ADDRESSES[name]))


@pytest.mark.parametrize("text", PUBLIC_ADDRESSES)
def test_this_address_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)


def send(url: str, *, reach: Reach = Reach.ANYWHERE, time_s: float = 5, tls: ssl.SSLContext | None = None):  # noqa: ANN201
    headers = {"Content-Type": "text/plain"}
    return post(
        read_target(url, reach=Reach.ANYWHERE), headers=headers, body=b"hello", reach=reach,
        limits=Limits(time_s=time_s), tls=tls,
    )  # fmt: skip


def resolving(addresses: Iterator[str]) -> Callable[..., object]:
    """Return a resolver that gives the next of `addresses` each time it is asked."""

    def look_up(_host: str, port: int, **_: object) -> list[object]:
        address = next(addresses)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return look_up


@pytest.mark.parametrize("name", PRIVATE_ADDRESSES)
def test_a_name_that_leads_there_is_refused_before_anything_is_sent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(iter([PRIVATE_ADDRESSES[name]])))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    with pytest.raises(NotReached) as refused:
        send("https://hooks.example.org/", reach=Reach.PUBLIC)
    assert refused.value.failure is Failure.ADDRESS


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(NotReached) as refused:
        send("https://hooks.example.org/", reach=Reach.PUBLIC)
    assert refused.value.failure is Failure.ADDRESS


def test_a_name_that_changes_its_mind_is_asked_once_and_connected_to_as_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the first answer is public, the next would be this machine."""
    asked: list[str] = []

    def answers_in_turn() -> Iterator[str]:
        for address in ("1.1.1.1", "127.0.0.1", "127.0.0.1"):
            asked.append(address)
            yield address

    connected: list[object] = []

    def connect(_socket: socket.socket, place: object) -> None:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolving(answers_in_turn()))
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(NotReached):
        send("https://hooks.example.org/", reach=Reach.PUBLIC)
    assert asked == ["1.1.1.1"]
    assert connected == [("1.1.1.1", 443)]


def test_a_resolver_that_never_answers_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(30) and [])
    with pytest.raises(NotReached) as refused:
        send("https://hooks.example.org/", time_s=0.2)
    done.set()
    assert refused.value.failure is Failure.TIME


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NotReached) as refused:
        send("https://hooks.example.org/")
    assert refused.value.failure is Failure.NAME


def test_the_body_and_the_headers_arrive_as_they_are() -> None:
    with receiving(answers(201, body=b"thanks", headers={"X-Thing": "1"})) as receiver:
        answer = send(f"{receiver.url}?a=b%20c")
        assert (answer.status, answer.body, answer.headers["x-thing"]) == (201, b"thanks", "1")
        (arrived,) = receiver.arrived
    assert (arrived.path, arrived.body) == ("/hook?a=b%20c", b"hello")
    assert arrived.headers["host"] == receiver.url.split("/")[2]
    assert arrived.headers["content-type"] == "text/plain"


def test_a_redirect_is_not_followed() -> None:
    with receiving() as other, receiving(answers(307, headers={"Location": other.url})) as receiver:
        assert send(receiver.url).status == 307
        assert other.arrived == []


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        send(receiver.url)
        assert proxy.arrived == []
        assert len(receiver.arrived) == 1


def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    with receiving(never_ends) as receiver:
        answer = send(receiver.url)
    assert (answer.status, len(answer.body)) == (200, Limits().body_bytes)


@pytest.mark.parametrize(
    ("behave", "failure"),
    [(cuts, Failure.CONNECTION), (silent, Failure.TIME), (drips, Failure.TIME), (speaks_no_http, Failure.PROTOCOL)],
)
def test_no_answer_is_told_for_what_it_is(behave: Callable[..., None], failure: Failure) -> None:
    with receiving(behave) as receiver, pytest.raises(NotReached) as refused:
        send(receiver.url, time_s=0.6)
    assert refused.value.failure is failure


def test_a_closed_door() -> None:
    with receiving() as receiver:
        url = receiver.url
    with pytest.raises(NotReached) as refused:
        send(url)
    assert refused.value.failure is Failure.CONNECTION


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return certificate, private


@pytest.mark.parametrize(("host", "is_good"), [("localhost", True), ("127.0.0.1", False)])
def test_the_certificate_is_checked_against_the_name(tmp_path: Path, host: str, *, is_good: bool) -> None:
    certificate, private = _certificate(tmp_path, "localhost")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, private)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with receiving(answers(200, body=b"safe"), tls=serving) as receiver:
        url = receiver.url.replace("http://127.0.0.1", f"https://{host}")
        if is_good:
            assert send(url, tls=trusting).body == b"safe"
        else:
            with pytest.raises(NotReached) as refused:
                send(url, tls=trusting)
            assert refused.value.failure is Failure.CERTIFICATE
        with pytest.raises(NotReached) as unknown:  # nobody vouches for it
            send(url)
        assert unknown.value.failure is Failure.CERTIFICATE


def test_a_silent_handshake_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(NotReached) as refused:
        send(f"https://127.0.0.1:{mute.getsockname()[1]}/", time_s=0.4)
    assert refused.value.failure is Failure.TIME


def test_the_reasons_all_have_words() -> None:
    assert set(fetching._WHY) == set(Failure)
