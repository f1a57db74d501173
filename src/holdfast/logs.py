"""Structured logs: lines for people on a terminal, JSON for everything else."""

import logging
import sys

import structlog


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
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
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
