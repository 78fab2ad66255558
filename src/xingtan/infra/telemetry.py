"""What the academy says about its running: log lines and numbers. Neither holds personal data.

1. Log lines are JSON (or lines for people on a terminal), with the request id of `bind_request`.
2. A field with a personal or secret name is masked at any depth, and so is every mail address in any text.
3. A metric is labelled by route template, never by the path that was asked for, so it tells of no one and stays small.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

_MASK = "***"
_PERSONAL = re.compile(
    r"(^|_)(e?mail|name|token|password|passwd|secret|authorization|cookie|phone|address|ip|recipient|to)$",
    re.IGNORECASE,
)
_HARMLESS = {"logger_name", "func_name", "file_name", "host_name", "route_name", "setting_name", "kind_name"}
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_DEEPEST = 6
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

registry = CollectorRegistry()
_requests = Counter("xingtan_requests", "Requests answered.", ("method", "route", "status"), registry=registry)
_request_seconds = Histogram(
    "xingtan_request_seconds", "Seconds until a request was answered.", ("method", "route"), buckets=_SECONDS,
    registry=registry,
)  # fmt: skip
_jobs = Gauge("xingtan_jobs", "Jobs by state.", ("state",), registry=registry)
_outbox_waiting = Gauge(
    "xingtan_outbox_waiting", "Events that were not handed to their handlers yet.", registry=registry
)


def configure_logging(
    *,
    log_format: Literal["auto", "json", "console"] = "auto",
    level: Literal["debug", "info", "warning", "error"] = "info",
) -> None:
    """Send every log line, ours and the libraries', to stderr in one form. Call it once, when a process starts."""
    is_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _for_people() if is_console else structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # a start that migrates nothing says nothing


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def bind_request(request_id: str) -> None:
    """Put `request_id` on every log line of this thread or task, in place of what was bound before."""
    clear_contextvars()
    bind_contextvars(request_id=request_id)


def mask_personal(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return `event` without personal values: a structlog processor."""
    return {name: _MASK if _is_personal(name) else _masked(value, _DEEPEST) for name, value in event.items()}


def _is_personal(name: object) -> bool:
    text = str(name).replace("-", "_")
    return text not in _HARMLESS and _PERSONAL.search(text) is not None


def _masked(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _ADDRESS.sub(_MASK, value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return _MASK
    if isinstance(value, Mapping):
        return {key: _MASK if _is_personal(key) else _masked(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner, depth - 1) for inner in value]
    return _ADDRESS.sub(_MASK, str(value))


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; `route` is the template, such as ``/products/{key}``."""
    method = method if method in _METHODS else "OTHER"  # a stranger may send any word
    _requests.labels(method, route, str(status)).inc()
    _request_seconds.labels(method, route).observe(seconds)


def set_job_counts(counts: Mapping[str, int]) -> None:
    """Tell how many jobs are in each state."""
    for state, count in counts.items():
        _jobs.labels(state).set(count)


def set_outbox_waiting(count: int) -> None:
    """Tell how many events wait in the outbox."""
    _outbox_waiting.set(count)


def metrics_text() -> bytes:
    """Return this process's numbers in Prometheus's text format, version 0.0.4."""
    return generate_latest(registry)
