"""The shell examples of the documents, run as a reader would run them: top to bottom, on a fresh service."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from documents import PAGES, ROOT, blocks, name_of, read

from holdfast.cli import cli
from service import Service
from tokens import SECRET

RUN = [
    "README.md",
    "README.ru.md",
    "docs/accounts.md",
    "docs/events.md",
    "docs/messages.md",
    "docs/reservations.md",
    "docs/rooms.md",
    "docs/tables.md",
    "docs/webhooks.md",
]
ADDRESS = "http://localhost:8080"
EXPECTED = re.compile(r"^# ([1-5][0-9]{2})\b ?(.*)$", re.MULTILINE)
COMMAND = re.compile(r"\.venv/bin/holdfast ([\w-]+)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")

# Each call's status and answer (on one line) go to a file; what the caller asked for goes where it would have gone.
CURL = r"""
curl() {
    command curl --silent --show-error --max-time 20 --output "$TRACE.body" --write-out '%{http_code}' "$@" \
        >"$TRACE.status"
    touch "$TRACE.body"
    printf '%s %s\n' "$(cat "$TRACE.status")" "$(tr -d '\r\n' <"$TRACE.body")" >>"$TRACE"
    cat "$TRACE.body"
    rm "$TRACE.body"
}
"""


class Answer(NamedTuple):
    """What came back for one `curl`."""

    status: str
    text: str


def examples(page: str) -> str:
    """The document's examples that ask the service something, as one script."""
    return "\n".join(block for block in blocks(read(page), "sh", "console") if "curl " in block)


def run(script: str, service: Service, url: str, trace: Path) -> list[Answer]:
    """Run examples against the service; answers what each `curl` got."""
    here = script.replace(ADDRESS, service.url).replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", CURL + here],
        env=inherited | {"TRACE": str(trace), "JWT_SECRET": SECRET, "LC_ALL": "C.UTF-8", "DATABASE_URL": url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = trace.read_text(encoding="utf-8").splitlines()
    return [Answer(*line.split(" ", 1)) for line in lines]


def words(expected: str) -> Sequence[str]:
    """What must be in an answer: words, or `Header: value`."""
    return [expected] if re.match(r"[A-Z][\w-]+: ", expected) else expected.split()


@pytest.mark.parametrize("page", RUN)
def test_every_example_answers_what_the_document_says(
    page: str, fresh_database_url: str, start: Callable[..., Service], tmp_path: Path
) -> None:
    script = examples(page)
    expected = EXPECTED.findall(script)
    service = start(DATABASE_URL=fresh_database_url, JWT_SECRET=SECRET)
    answers = run(script, service, fresh_database_url, tmp_path / "trace")
    assert [answer.status for answer in answers] == [status for status, _ in expected]
    for answer, (_, rest) in zip(answers, expected, strict=True):
        for word in words(rest):
            assert word.casefold() in answer.text.casefold()


@pytest.mark.parametrize("page", RUN)
def test_every_call_in_an_example_has_its_status_beside_it(page: str) -> None:
    script = examples(page)
    calls = re.findall(r"(?:^|\$\()curl ", script, re.MULTILINE)
    assert len(calls) == len(EXPECTED.findall(script)) > 0


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_in_a_document_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    spans = [*blocks(text, "sh", "console"), *re.findall(r"`([^`\n]+)`", text)]
    assert {target for span in spans for target in TARGET.findall(span)} <= targets


def test_every_make_target_is_in_the_guide_for_contributors() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    guide = read("CONTRIBUTING.md")
    for target in re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE):
        assert f"make {target}" in guide or target == "setup-env"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_holdfast_command_in_a_document_exists(page: Path) -> None:
    there = {each.name or each.callback.__name__ for each in cli.registered_commands if each.callback}
    there |= {each.name for each in cli.registered_groups if each.name}
    assert set(COMMAND.findall(page.read_text(encoding="utf-8"))) <= there


def test_both_readmes_have_the_same_commands() -> None:
    def commands(page: str) -> list[str]:
        lines = "\n".join(blocks(read(page), "sh", "console")).splitlines()
        return [line for line in lines if line and (not line.startswith("#") or EXPECTED.match(line))]

    assert commands("README.md") == commands("README.ru.md")


def test_both_readmes_link_to_the_same_documents() -> None:
    def linked(page: str) -> list[str]:
        return re.findall(r"\]\((?!README)([^)]+)\)|<(http[^>]+)>", read(page))

    assert linked("README.md") == linked("README.ru.md")
