"""Style sheets, scripts and pictures of our own."""

import gzip
import hashlib

import pytest

from tests.fixtures.web import Browser, House
from xingtan.web import static_files
from xingtan.web.static_files import static_url


@pytest.fixture
def client(house: House) -> Browser:  # every test here only looks
    return house.callers["stranger"]


FOLDER = static_files._FOLDER
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".ico": "image/",
    ".webmanifest": "application/",
    ".json": "application/json",
}


def test_the_address_is_the_content() -> None:
    body = (FOLDER / "css/base.css").read_bytes()
    assert static_url("css/base.css") == f"/static/{hashlib.sha256(body).hexdigest()[:12]}/css/base.css"
    with pytest.raises(LookupError):
        static_url("css/no-such.css")


def test_every_file_is_served_as_what_it_is(client: Browser) -> None:
    assert len(FILES) > 10
    for name in FILES:
        answer = client.get(static_url(name))
        assert answer.status_code == 200, name
        assert answer.content == (FOLDER / name).read_bytes()
        suffix = "." + name.rpartition(".")[2]
        assert answer.headers["content-type"].startswith(TYPES.get(suffix, "")), name
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_old_fingerprint_gets_the_new_file_for_a_minute(client: Browser) -> None:
    answer = client.get("/static/0123456789ab/css/base.css")
    assert answer.content == (FOLDER / "css/base.css").read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_bytes_travel_small(client: Browser) -> None:
    url = static_url("css/base.css")
    small = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(small.content)
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == small.content
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../app.py",
        "/static/x/%2e%2e/app.py",
        "/static/x/..%2fapp.py",
        "/static/x/../../wiring.py",
        "/static/x//etc/passwd",
        "/static/x/css",
        "/static/x/",
        "/static/x",
        "/static/",
        "/static/x/css/no-such.css",
        "/static/x/css/%00.css",
        f"/static/x/{'a' * 5000}",
    ],
)
def test_nothing_else_leaves_the_folder(client: Browser, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.content
    assert b"import " not in answer.content


def test_only_reading(client: Browser) -> None:
    url = static_url("css/base.css")
    assert client.post(url).status_code == 404
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")


def test_the_file_is_kept_gzipped_once() -> None:
    file = static_files._file("css/base.css")
    assert file is static_files._file("css/base.css")
    assert file is not None
    assert file.gzipped is not None
    assert gzip.decompress(file.gzipped) == file.body
