"""A PostgreSQL for proofs that are run from the command line."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from databases import SERVER
from holdfast.database import embedded


@contextmanager
def server() -> Iterator[None]:
    """A throw-away server, unless the environment names one."""
    with ExitStack() as stack:
        if SERVER not in os.environ:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True))
            os.environ[SERVER] = stack.enter_context(embedded.running(Path(directory)))
            stack.callback(os.environ.pop, SERVER)
        yield
