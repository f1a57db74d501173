"""The image: its rules, and its health check, run as it stands there."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import dockerfile
from service import Service, free_port

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
CHECK_SECONDS_MAX = 30


def check(port: int) -> int:
    """The exit status of the image's health check, asked of a port of this machine."""
    said = dockerfile.stages(DOCKERFILE.read_text(encoding="utf-8"))[-1].last("HEALTHCHECK")
    program, *arguments = json.loads(re.split(r"\bCMD ", said)[1])
    assert program == "python"
    return subprocess.run(
        [sys.executable, *arguments], env={"PORT": str(port), "PATH": os.environ["PATH"]},
        check=False, capture_output=True, timeout=CHECK_SECONDS_MAX,
    ).returncode  # fmt: skip


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A port where one caller is answered so, or not at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(1000)
                if answer is None:
                    caller.recv(1)
                else:
                    caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([Path(sys.executable).with_name("hadolint"), DOCKERFILE], check=False, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_a_service_that_books_is_healthy(service: Service) -> None:
    assert check(service.port) == 0


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"", b"SSH-2.0-x 200\r\n", None])
def test_any_other_answer_is_not(answer: bytes | None) -> None:
    with answering(answer) as port:
        assert check(port) != 0


def test_silence_is_not() -> None:
    assert check(free_port()) != 0


def test_the_health_check_loads_little() -> None:
    said = dockerfile.stages(DOCKERFILE.read_text(encoding="utf-8"))[-1].last("HEALTHCHECK")
    assert {"-I", "-S"} <= set(json.loads(re.split(r"\bCMD ", said)[1]))
    assert not re.search(r"urllib|http\.client|holdfast|httpx", said.replace("/health", ""))


def test_the_modules_of_python_are_compiled_in_the_image() -> None:
    runtime = dockerfile.stages(DOCKERFILE.read_text(encoding="utf-8"))[-1]
    assert any(kind == "RUN" and "compileall" in rest for kind, rest in runtime.steps)


def test_what_changes_with_each_commit_comes_last() -> None:
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    revision = lines.index("ARG REVISION=unknown")
    assert not [line for line in lines[revision:] if line.startswith(("RUN", "COPY", "FROM"))]
