import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.infra.ranges import Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        # RFC 9110 §14.1.2
        ("bytes=0-499", 10_000, (0, 500)),
        ("bytes=500-999", 10_000, (500, 1000)),
        ("bytes=-500", 10_000, (9500, 10_000)),
        ("bytes=9500-", 10_000, (9500, 10_000)),
        ("bytes=0-0", 10_000, (0, 1)),
        ("bytes=9999-20000", 10_000, (9999, 10_000)),
        ("bytes=-20000", 10_000, (0, 10_000)),
        ("BYTES=0-1", 10, (0, 2)),
        ("bytes= 0-1 ", 10, (0, 2)),
        ("bytes=,0-1,", 10, (0, 2)),
        (f"bytes=0-{10**30}", 10, (0, 10)),
    ],
)
def test_one_range_is_honoured(header: str, size: int, expected: tuple[int, int]) -> None:
    assert parse_range(header, size) == [expected]


@pytest.mark.parametrize(
    "header",
    [
        None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-0", "items=0-1", "bytes=0-1,2-3", "bytes=0-0,-1",
        "bytes=0-,0-,0-,0-", "bytes=" + "0-1," * 100, "bytes=+1-2", "bytes=0 -1", "bytes=１-２", "bytes=0x0-1",
        "bytes=" + "9" * 5000 + "-", "bytes=0-1-2", "bytes=20-10",
    ],
)  # fmt: skip
def test_anything_odd_gets_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-11", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_outside_the_file_is_unsatisfiable(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        parse_range(header, size)
    assert caught.value.size == size


def test_the_tail_of_an_empty_file_is_the_file() -> None:
    assert parse_range("bytes=-5", 0) is None


@given(st.integers(1, 10**6), st.data())
def test_a_range_is_what_python_slices(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(start, 2 * size))
    assert parse_range(f"bytes={start}-{last}", size) == [(start, min(last + 1, size))]
    assert parse_range(f"bytes={start}-", size) == [(start, size)]
    assert parse_range(f"bytes=-{start + 1}", size) == [(size - start - 1, size)]


@given(st.text(max_size=60) | st.from_regex(r"bytes=[0-9,\- ]{0,20}"), st.integers(0, 1000))
def test_no_header_breaks_it(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    if found is not None:
        [(start, end)] = found
        assert 0 <= start < end <= size
