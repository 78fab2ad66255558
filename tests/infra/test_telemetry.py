import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from xingtan.infra import telemetry
from xingtan.infra.telemetry import (
    bind_request,
    configure_logging,
    mask_personal,
    metrics_text,
    observe_request,
    set_job_counts,
    set_outbox_waiting,
)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_lines_and_the_libraries_are_json_with_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(log_format="json")
    bind_request("req-1")
    structlog.get_logger("web").info("订单已付款", order="ord_1", email="ann@example.org")
    structlog.get_logger("web").debug("quiet")
    logging.getLogger("sqlalchemy").warning("lost %s", "ann@example.org")
    bind_request("req-2")
    structlog.get_logger("web").warning("again")
    ours, theirs, again = lines(capsys)
    assert ours["event"] == "订单已付款"
    assert ours["email"] == "***"
    assert (ours["request_id"], ours["level"], ours["logger"]) == ("req-1", "info", "web")
    assert str(ours["timestamp"]).endswith("Z")
    assert theirs["event"] == "lost ***"
    assert again["request_id"] == "req-2"


def test_a_traceback_tells_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(log_format="json")
    try:
        int("no mail to ann@example.org")
    except ValueError:
        structlog.get_logger("web").exception("failed")
    [line] = lines(capsys)
    assert "ValueError: invalid literal for int() with base 10: 'no mail to ***" in str(line["exception"])


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(log_format="console", level="warning")
    structlog.get_logger("web").info("quiet")
    try:
        int("no mail to ann@example.org")
    except ValueError:
        structlog.get_logger("web").exception("failed", password="secret")
    out = capsys.readouterr().err
    assert "quiet" not in out
    assert "failed" in out
    assert "secret" not in out
    assert "ann@" not in out


def test_auto_is_json_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.get_logger("web").info("hello")
    assert lines(capsys)[0]["event"] == "hello"


PERSONAL = ["email", "user_email", "Email", "name", "display_name", "token", "access_token", "password",
            "Authorization", "cookie", "Set-Cookie", "client_ip", "X-Api-Token", "secret", "phone"]  # fmt: skip


@pytest.mark.parametrize("name", PERSONAL)
def test_a_personal_field_is_masked_at_any_depth(name: str) -> None:
    event = {"event": "x", name: "Ann", "inner": [{"deep": {name: "Ann"}}], "order": "ord_1"}
    masked = mask_personal(None, "info", event)
    assert "Ann" not in repr(masked)
    assert masked["order"] == "ord_1"
    assert event[name] == "Ann"


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_address_survives_anywhere(value: object) -> None:
    masked = mask_personal(None, "info", {"event": value, "also": [value, "zhang.san@example.com"], "odd": object})
    assert "zhang.san" not in repr(masked)


def test_requests_are_counted_by_template() -> None:
    observe_request("GET", "/products/{key}", 200, 0.02)
    observe_request("GET", "/products/{key}", 404, 0.3)
    observe_request("X" * 50, "other", 405, 0.001)
    set_job_counts({"queued": 3, "dead": 1})
    set_outbox_waiting(7)
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics_text().decode())
        for sample in family.samples
    }
    route = ("route", "/products/{key}")
    assert samples["xingtan_requests_total", (("method", "GET"), route, ("status", "200"))] == 1
    assert samples["xingtan_request_seconds_bucket", (("le", "0.025"), ("method", "GET"), route)] == 1
    assert samples["xingtan_request_seconds_count", (("method", "GET"), route)] == 2
    assert samples["xingtan_requests_total", (("method", "OTHER"), ("route", "other"), ("status", "405"))] == 1
    assert samples["xingtan_jobs", (("state", "queued"),)] == 3
    assert samples["xingtan_outbox_waiting", ()] == 7
    assert telemetry.registry is not None
