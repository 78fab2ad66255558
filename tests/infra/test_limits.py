import gc
import threading
import time

import pytest

from tests.fixtures.ports import free_port
from xingtan.core.errors import LimitReached, Unavailable
from xingtan.infra.limits import RateLimiter


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def limiter(request: pytest.FixtureRequest) -> RateLimiter:
    return RateLimiter("memory://" if request.param == "memory" else request.getfixturevalue("redis_url"))


def test_one_too_many_is_refused(limiter: RateLimiter) -> None:
    for _ in range(3):
        limiter.check("3/minute", "sign-in", "ann@example.org")
    with pytest.raises(LimitReached) as caught:
        limiter.check("3/minute", "sign-in", "ann@example.org")
    assert 1 <= caught.value.retry_after_s <= 60
    limiter.check("3/minute", "sign-in", "bob@example.org")
    limiter.check("3/minute", "sign-in|ann@example.org")
    limiter.check("4/minute", "sign-in", "ann@example.org")


def test_waiting_as_told_is_enough(limiter: RateLimiter) -> None:
    limiter.check("1/second", "a")
    with pytest.raises(LimitReached) as caught:
        limiter.check("1/second", "a")
    time.sleep(caught.value.retry_after_s + 0.05)
    limiter.check("1/second", "a")


def test_many_at_once_get_no_more_than_the_limit(limiter: RateLimiter) -> None:
    passed: list[int] = []

    def try_it(number: int) -> None:
        try:
            limiter.check("5/hour", "race")
        except LimitReached:
            return
        passed.append(number)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 5


@pytest.mark.redis
def test_redis_holds_no_address(redis_url: str) -> None:
    import redis

    RateLimiter(redis_url).check("3/minute", "sign-in", "ann@example.org")
    with redis.Redis.from_url(redis_url) as client:
        names = client.keys("*")
    assert names
    assert b"ann" not in b"".join(names)


@pytest.mark.faults
def test_a_silent_redis_is_unavailable() -> None:
    limiter = RateLimiter(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable):
        limiter.check("3/minute", "a")
    gc.collect()


def test_a_rule_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="parse"):
        RateLimiter("memory://").check("often", "a")
