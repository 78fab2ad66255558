import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.infra.cache import CachedPage, PageCache


def page(size: int = 10, *, gzip_body: bytes | None = None) -> CachedPage:
    return CachedPage(200, ((b"content-type", b"text/html"),), b"x" * size, gzip_body, '"etag"')


def test_a_page_is_kept_until_everything_is_dropped() -> None:
    cache = PageCache()
    cache.put("/", page(), epoch=cache.epoch)
    assert cache.get("/") == page()
    assert cache.get("/other") is None
    cache.bump()
    assert cache.get("/") is None
    assert cache.weight == 0


def test_a_page_begun_before_the_bump_is_not_kept() -> None:
    cache = PageCache()
    before = cache.epoch
    cache.bump()
    cache.put("/", page(), epoch=before)
    assert cache.get("/") is None


def test_the_page_looked_at_longest_ago_goes_first() -> None:
    cache = PageCache(max_bytes=10 * page(4000).weight)
    for name in "abcdefghi":
        cache.put(name, page(4000), epoch=cache.epoch)
    cache.get("a")
    cache.put("j", page(4000), epoch=cache.epoch)
    assert cache.get("a") is not None
    assert cache.get("b") is None
    assert cache.get("c") is not None


def test_a_page_too_large_is_not_kept() -> None:
    cache = PageCache(max_bytes=80_000)
    cache.put("/", page(20_000), epoch=cache.epoch)
    cache.put("/gzip", page(10, gzip_body=b"x" * 20_000), epoch=cache.epoch)
    assert cache.weight == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3000), st.booleans())))
def test_the_memory_is_bounded_and_counted(steps: list[tuple[str, int, bool]]) -> None:
    cache = PageCache(max_bytes=20_000)
    for key, size, is_bump in steps:
        if is_bump:
            cache.bump()
        cache.put(key, page(size), epoch=cache.epoch)
        kept = [(name, cache.get(name)) for name in "abcdef"]
        assert cache.weight == sum(one.weight + len(name) for name, one in kept if one) <= 20_000


def test_threads_do_not_lose_count() -> None:
    cache = PageCache(max_bytes=50_000)

    def work(seed: int) -> None:
        for step in range(300):
            cache.put(f"{(seed * step) % 17}", page(step * 7 % 4000), epoch=cache.epoch)
            cache.get(f"{step % 17}")
            if step % 97 == seed:
                cache.bump()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [(str(name), cache.get(str(name))) for name in range(17)]
    assert cache.weight == sum(one.weight + len(name) for name, one in kept if one) <= 50_000


def test_a_page_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        page().body = b""  # type: ignore[misc]
