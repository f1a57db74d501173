"""Structured logs: lines for people on a terminal, JSON for everything else."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import structlog

QUOTED = re.compile(r"""\"[^\"\n]*\"|'[^'\n]*'|«[^»\n]*»|=\([^)\n]*\)""")
AFTER_FIRST = re.compile(r"(?s)(?:\n|\\n)\s*(?:DETAIL|CONTEXT|HINT|LINE \d+|\[SQL|\[parameters).*")
PLAIN = ("08", "25", "28", "3D", "40", "42", "53", "55", "57", "58", "XX")
"""Beginnings of the SQLSTATEs of errors that are no row's."""
CHAIN_MAX = 20
"""Errors that are told as one another's causes; more are a circle or of no use."""
ERRORS = ("error", "caused_by")
"""Names under which errors are logged as texts."""


def configure(level: str) -> None:
    """Send the logs of this process, our own and the libraries', through one pipeline to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    people = sys.stderr.isatty()
    render: list[structlog.typing.Processor] = (
        # Not its usual tracebacks, which show every local variable: passwords and tokens are among them.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if people
        else [structlog.processors.JSONRenderer()]
    )
    _take_over(level, shared, render)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _take_over(level: str, shared: list[structlog.typing.Processor], render: list[structlog.typing.Processor]) -> None:
    """Send what libraries log the same way."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_people,
                EXCEPTIONS,
                *render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These tell of each start, stop and migration at level info, which is more than the person who starts us wants.
    for talkative in ("uvicorn.error", "alembic"):
        logging.getLogger(talkative).setLevel(max(root.level, logging.WARNING))
    # And these of each request that we send: its address, in which there may be a token, and in detail its headers.
    for telltale in ("httpx", "httpcore"):
        logging.getLogger(telltale).setLevel(logging.WARNING)


def words(error: BaseException) -> str:
    """An error in one line that names nobody: what databases and parsers quote is what people have written."""
    sqlstate = getattr(error, "sqlstate", None)
    # What SQLAlchemy tells, it tells from its cause; and what the server says of a row may be the row.
    is_telling = hasattr(error, "orig") or (sqlstate is not None and not str(sqlstate).startswith(PLAIN))
    text = "" if is_telling else AFTER_FIRST.sub("", str(error)).strip().partition("\n")[0]
    names = ("sqlstate", "table_name", "constraint_name")
    known = [f"{name}={value}" for name in names if (value := getattr(error, name, None))]
    return " ".join([f"{type(error).__name__}: {QUOTED.sub('…', text)}".rstrip(": "), *known])


def without_people(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log line whose errors name nobody."""
    for name in ERRORS:
        value = event.get(name)
        if isinstance(value, BaseException):
            event[name] = words(value)
        elif isinstance(value, str):
            event[name] = AFTER_FIRST.sub("", value)
    if isinstance(event.get("event"), str):
        event["event"] = AFTER_FIRST.sub("", event["event"])
    return event


def _told(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """A traceback with its causes, the first cause first, without what anybody has written."""
    return "\n".join(_lines(exc_info[1], [CHAIN_MAX])).rstrip()


def _lines(error: BaseException | None, left: list[int]) -> Iterator[str]:
    if error is None or not left[0]:
        return
    left[0] -= 1
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause, left)
        yield "\nwhich led to:\n"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield words(error)
    for each in getattr(error, "exceptions", ()):
        yield "\none of them:\n"
        yield from _lines(each, left)


EXCEPTIONS = structlog.processors.ExceptionRenderer(_told)
