"""A PostgreSQL of its own, as it comes: every commit is on the disk before it is answered."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import free_port

_DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, yield the address of an empty database in it, stop it at the end."""
    found = programs()
    assert found is not None, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="xingtan-bench-"))
    data, port = str(folder / "data"), free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        _run(found / "initdb", "-D", data, "-U", "xingtan", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
        options = f"-c port={port} -c unix_socket_directories={folder} -c listen_addresses=127.0.0.1 -c timezone=UTC"
        _run(found / "pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql+psycopg://xingtan@127.0.0.1:{port}/postgres"
        finally:
            _run(found / "pg_ctl", "stop", "-w", "-m", "fast", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *arguments: str) -> None:
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # Not to a pipe: the server inherits it and would hold it open.
    subprocess.run(
        [*as_owner, str(program), *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
