"""`xingtan witness`: watch over the ledgers of other academies.

A witness remembers the latest checkpoint of each log it knows and cosigns the next one only if that begins with it. It
needs no academy of its own, no database, and one folder, which holds its key and what it remembers.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xingtan.ledger.witness import Witness

app = typer.Typer(help="Watch over the ledgers of other academies.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--folder", help="The witness's folder: its key and what it remembers.")]
Name = Annotated[str, typer.Option("--name", help="The witness's name, an address without https://, say w.example/1.")]
Logs = Annotated[list[str], typer.Option("--log", help="The key of a log to watch; once for each log.")]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", help="The port to listen on.")]

_DEFAULT_FOLDER = Path("var/witness")
_SEED_BYTES = 32


@app.command()
def serve(name: Name, log: Logs, folder: Folder = _DEFAULT_FOLDER, host: Host = "127.0.0.1", port: Port = 8100) -> None:
    """Answer the logs that ask for a cosignature (C2SP tlog-witness); put a proxy that speaks TLS in front."""
    from xingtan.ledger.witness_server import WitnessServer

    server = WitnessServer((host, port), witness_of(name, log, folder=folder))
    typer.echo(f"{server.witness.key}\nlistens on {server.url}, and watches {', '.join(server.witness.logs)}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        typer.echo("stopped")
    finally:
        server.server_close()


@app.command()
def key(name: Name, folder: Folder = _DEFAULT_FOLDER) -> None:
    """Print the witness's key, which goes into the policies of those who believe it."""
    typer.echo(str(witness_of(name, [], folder=folder).key))


def witness_of(name: str, logs: list[str], *, folder: Path) -> "Witness":
    """Return the witness of `folder`; a first one makes its key there."""
    from xingtan.core.clock import SystemClock
    from xingtan.ledger import notes
    from xingtan.ledger.witness import Witness, known_logs
    from xingtan.ledger.witness_server import head_of

    try:
        known = known_logs([notes.parse_key(one) for one in logs], check=check)
        notes.check_key_name(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return Witness(name, FileKey(folder / "key"), known, lambda origin: head_of(folder / "seen", origin), SystemClock())


class FileKey:
    """An Ed25519 key whose 32 secret bytes lie in a file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not path.exists():
            _write_secret(path, Ed25519PrivateKey.generate().private_bytes_raw())
        seed = path.read_bytes()
        if len(seed) != _SEED_BYTES:
            raise typer.BadParameter(f"{path} holds no key: {_SEED_BYTES} bytes are wanted")
        self._key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_bytes(self) -> bytes:
        """Return the public key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`."""
        return self._key.sign(message)


def check(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Verify with OpenSSL, which is many times faster than the ledger's own arithmetic."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _write_secret(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
