"""Sending to addresses that people typed: one request, to a public host, with every limit set.

1. What is checked is what is connected to: the name is resolved once, every address of it is judged, and the socket
   goes to one of these very addresses. A name that changes its mind in between (DNS rebinding) gains nothing.
2. Only public addresses: not loopback, private, link-local, shared, multicast or reserved ones, no cloud's metadata
   service, and no IPv6 address that carries an IPv4 one inside.
3. One spelling of an address: an IPv4 address has four plain decimal parts. ``127.1``, ``0x7f.1``, ``2130706433`` are
   refused as they stand, wherever they lead.
4. Redirects are answers like others and are not followed. No proxy is used. TLS certificates are checked.
5. The whole exchange has one deadline, from the look-up of the name to the last byte; of the answer's body only the
   first bytes are read.
"""

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import cast
from urllib.parse import SplitResult, urlsplit

from xingtan.core.errors import Invalid, Sentence, Unavailable, say

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Place = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]

LONGEST_URL = 2_000
_PORTS = {"https": 443, "http": 80}
_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without blanks and without the backslash
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BODY_S = 2.0
_UNICAST = ipaddress.ip_network("2000::/3")
_REFUSED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # a cloud's metadata service behind a public address
            "192.88.99.0/24",  # relays into IPv6, RFC 7526
            "2001::/32",  # Teredo, carries an IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4, carries an IPv4 address
            "3fff::/20",  # documentation, RFC 9637
        ),
    )
)


class Reach(StrEnum):
    """How far a request may go: to the public internet, or anywhere, this machine included."""

    PUBLIC = "public"
    ANYWHERE = "anywhere"


class Failure(StrEnum):
    """Why there was no answer."""

    NAME = "name"
    ADDRESS = "address"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    TIME = "time"
    PROTOCOL = "protocol"


_WHY: Mapping[Failure, Sentence] = {
    Failure.NAME: say("The name of this address does not resolve."),
    Failure.ADDRESS: say("This address leads into a private network."),
    Failure.CONNECTION: say("The connection was refused or broke off."),
    Failure.CERTIFICATE: say("The certificate of this address is not good."),
    Failure.TIME: say("There was no answer in time."),
    Failure.PROTOCOL: say("What came back is not HTTP."),
}


class NotReached(Unavailable):
    """There was no answer; `failure` says why."""

    code = "not-reached"

    def __init__(self, failure: Failure) -> None:
        super().__init__(_WHY[failure])
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be sent to: `host` in ASCII, without brackets; `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the exchange may take, and how many bytes of the answer's body are kept."""

    time_s: float = 15.0
    body_bytes: int = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: names of `headers` are in lower case, `body` is its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_target(url: str, *, reach: Reach) -> Target:
    """Return what `url` leads to; `Invalid` at the field ``url`` for what may not be sent to. Asks no name server."""
    parts = _split(url)
    if parts.scheme not in (_PORTS if reach is Reach.ANYWHERE else ("https",)):
        raise _refused(say("Write an address that begins with https://."))
    if "@" in parts.netloc or parts.fragment or url.endswith("#"):
        raise _refused(say("An address here has no user name, no password and no fragment."))
    host = _host(parts, reach=reach)
    try:
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise _refused(say("This port does not exist."))
    return Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _refused(sentence: Sentence) -> Invalid:
    return Invalid.of("url", sentence)


def _not_an_address() -> Invalid:
    return _refused(say("This is not a web address."))


def _split(url: str) -> SplitResult:
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not separator or not scheme.isalpha() or not authority or len(url) > LONGEST_URL:
        raise _not_an_address()
    if not _PLAIN.fullmatch(rest[len(authority) :] or "/") or "\\" in authority or not authority.isprintable():
        raise _not_an_address()
    try:
        return urlsplit(f"{scheme.lower()}://{rest}")
    except ValueError:
        raise _not_an_address() from None


def _host(parts: SplitResult, *, reach: Reach) -> str:
    written = parts.hostname or ""
    if ":" in written:
        return _judged(_literal(written), reach=reach)
    try:
        host = written.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _not_an_address() from None
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _not_an_address()
    if _NUMBER.fullmatch(labels[-1]):
        return _judged(_literal(host), reach=reach)
    if reach is Reach.PUBLIC and (len(labels) == 1 or labels[-1] in {"local", "localhost", "internal"}):
        raise _refused(say("This address leads into a private network."))
    return host


def _literal(host: str) -> Address:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise _not_an_address() from None
    if getattr(address, "scope_id", None):
        raise _not_an_address()
    return address


def _judged(address: Address, *, reach: Reach) -> str:
    if reach is Reach.PUBLIC and not is_public(address):
        raise _refused(say("This address leads into a private network."))
    return str(address)


def is_public(address: Address) -> bool:
    """Say whether `address` is a host's own on the public internet."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False  # loopback, local, mapped, translated: everything but global unicast, RFC 4291 §2.4
    if any(address.version == network.version and address in network for network in _REFUSED_NETWORKS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(
    target: Target,
    *,
    headers: Mapping[str, str],
    body: bytes,
    reach: Reach,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send `body` to `target` and return the answer, whatever its status; `NotReached` when there is none.

    `tls`: trust other certificates than those that the machine trusts.
    """
    limits = limits or Limits()
    deadline = time.monotonic() + limits.time_s
    places = _resolve(target, reach=reach, deadline=deadline)
    with _watched(_connect(places, deadline=deadline), deadline=deadline) as line:
        with line.telling():
            if target.scheme == "https":
                line.encrypt(tls or ssl.create_default_context(), target.host)
            connection = HTTPConnection(target.host, target.port)
            connection.sock = line.socket
            own = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close"}
            connection.request("POST", target.path, body=body, headers={**headers, **own})
            answer = connection.getresponse()
        with closing(answer), line.telling():
            line.check()  # a head that was cut off reads like a short one
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, _beginning(answer, line.socket, limits=limits))


def _resolve(target: Target, *, reach: Reach, deadline: float) -> Sequence[_Place]:
    """Return the places behind the name, each of which may be connected to."""
    places = list(dict.fromkeys(_looked_up(target, deadline=deadline)))
    if not places:
        raise NotReached(Failure.NAME)
    if reach is Reach.PUBLIC and not all(is_public(ipaddress.ip_address(place[1][0])) for place in places):
        raise NotReached(Failure.ADDRESS)
    return places


def _looked_up(target: Target, *, deadline: float) -> Sequence[_Place]:
    # The system's resolver knows no time limit, so it is asked by a thread that may be left behind.
    found: queue.SimpleQueue[Sequence[_Place] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            known = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found.put(None)
        else:
            found.put([cast("_Place", (family, place)) for family, _, _, _, place in known])

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        places = found.get(timeout=_left(deadline))
    except queue.Empty:
        raise NotReached(Failure.TIME) from None
    if places is None:
        raise NotReached(Failure.NAME)
    return places


def _connect(places: Sequence[_Place], *, deadline: float) -> socket.socket:
    """Return a connection to the first of `places` that takes it."""
    failure = Failure.CONNECTION
    for family, place in places:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(_left(deadline))
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = Failure.TIME if isinstance(error, TimeoutError) else Failure.CONNECTION
        else:
            return connection
    raise NotReached(failure)


class _Line:
    """A connection that is cut when its time is over, whatever is being waited for."""

    def __init__(self, connection: socket.socket, *, deadline: float) -> None:
        self.socket = connection
        self._is_cut = threading.Event()
        self._timer = threading.Timer(_left(deadline), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, with the one whose name is `host`."""
        encrypted = context.wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
        self.socket = encrypted
        encrypted.do_handshake()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what the network raises into `NotReached`."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise NotReached(Failure.CERTIFICATE) from error
        except (OSError, HTTPException, ValueError) as error:
            raise NotReached(self._failure(error)) from error

    def _failure(self, error: Exception) -> Failure:
        if self._is_cut.is_set() or isinstance(error, TimeoutError):
            return Failure.TIME
        return Failure.CONNECTION if isinstance(error, OSError) else Failure.PROTOCOL

    def check(self) -> None:
        """Raise `TimeoutError` when the time was over before this."""
        if self._is_cut.is_set():
            raise TimeoutError

    def close(self) -> None:
        """Hang up."""
        self._timer.cancel()
        self.socket.close()

    def _cut(self) -> None:
        self._is_cut.set()
        try:
            # not SSLSocket's own, which would take the TLS state away under the reader's hands
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already


@contextmanager
def _watched(connection: socket.socket, *, deadline: float) -> Iterator[_Line]:
    with connection:
        line = _Line(connection, deadline=deadline)
        try:
            yield line
        finally:
            line.close()


def _beginning(answer: HTTPResponse, line: socket.socket, *, limits: Limits) -> bytes:
    """Return the first bytes of the body; the answer is known already, so a body that breaks off is no failure."""
    kept, until = b"", time.monotonic() + _BODY_S
    try:
        line.settimeout(_BODY_S / 2)
        while len(kept) < limits.body_bytes and time.monotonic() < until:
            part = answer.read1(limits.body_bytes - len(kept))
            if not part:
                break
            kept += part
    except (OSError, HTTPException, ValueError):
        return kept[: limits.body_bytes]
    return kept[: limits.body_bytes]


def _left(deadline: float, *, now: Callable[[], float] = time.monotonic) -> float:
    left = deadline - now()
    if left <= 0:
        raise NotReached(Failure.TIME)
    return left
