"""`holdfast load-test` against services that are well, slow, broken or not there."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.load import trial
from holdfast.load.orders import Orders, Sample
from service import free_port
from stub import FREE, ROOM, Answer, Stub
from terminal import holdfast

SHORT = ("load-test", "--duration", "500ms")


def run(stub: Stub, out: Path, *more: str) -> "tuple[int, str, str]":
    """Exit status, output and errors."""
    done = holdfast(*SHORT, "--url", stub.url, "--out", str(out), *more)
    return done.returncode, done.stdout, done.stderr


def metrics(out: Path) -> Any:
    return msgspec.json.decode((out / "metrics.json").read_bytes())


def sent(stub: Stub, **more: Any) -> list[Sample]:
    """What became of twenty requests, a hundred a second."""
    orders = Orders(stub.url, "a-token", [f"/rooms/{ROOM}/slots/list"], **{"rate": 100, "seconds": 0.2} | more)
    return trial.send(orders, lambda _: None)


def test_a_service_that_keeps_the_limits_passes(tmp_path: Path) -> None:
    with Stub() as stub:
        status, output, errors = run(stub, tmp_path / "load", "--p95", "5s")
        assert (status, errors) == (0, "")
        assert "p50" in output
        assert "50 requests" in output
        today = datetime.now(UTC).date()
        days = {str(today + timedelta(days=number)) for number in range(-1, 8)}
        assert {path[: -len("2030-01-01")] for path in stub.asked} == {f"/rooms/{ROOM}/slots/list?date="}
        assert len({path[-len("2030-01-01") :] for path in stub.asked} & days) == 7
        assert stub.tokens == {"Bearer a-token"}
    found = metrics(tmp_path / "load")
    assert (found["requests"], found["success_rate"], found["errors"]) == (50, 1.0, {})
    assert found["settings"]["limits"] == {"p95_ms": 5000.0, "max_err": 0.01}
    assert found["latency_ms"]["p50"] <= found["latency_ms"]["p99"] <= found["latency_ms"]["max"]
    assert "<svg" in (tmp_path / "load" / "report.html").read_text(encoding="utf-8")
    assert "a-token" not in (tmp_path / "load" / "metrics.json").read_text(encoding="utf-8")


def test_a_service_that_fails_too_often_does_not_pass(tmp_path: Path) -> None:
    with Stub(lambda number: (503, b"{}") if number % 2 else FREE) as stub:
        status, output, errors = run(stub, tmp_path, "--p95", "5s", "--token", "mine")
        assert stub.tokens == {"Bearer mine"}
    assert status == 1
    assert errors == "holdfast: 50.00% of the requests failed, more than 1.00%\n"
    assert "25 × status 503" in output
    assert metrics(tmp_path)["errors"] == {"status 503": 25}


def test_a_service_that_is_slow_does_not_pass(tmp_path: Path) -> None:
    with Stub() as stub:
        status, _, errors = run(stub, tmp_path, "--p95", "0.001ms")
    assert status == 1
    assert "p95 is" in errors


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((500, b"{}"), "status 500"),
        ((302, b""), "status 302"),
        ((200, b"<html>"), "unexpected answer"),
        (None, "HTTPConnectionClosed"),
    ],
)
def test_what_goes_wrong_is_called_by_its_kind(answer: Answer | None, kind: str) -> None:
    with Stub(lambda _: answer) as stub:
        assert {each.error for each in sent(stub)} == {kind}
        assert len(stub.asked) <= 3 * 20


def test_requests_are_sent_whether_those_before_are_answered_or_not() -> None:
    """All twenty arrive while none is answered: a user who waits for answers would have sent one."""
    all_there = threading.Barrier(20)

    def together(_: int) -> Answer:
        all_there.wait(20)
        return FREE

    with Stub(together) as stub:
        samples = sent(stub)
    assert [each.error for each in samples] == [None] * 20
    first = min(samples, key=lambda each: each.at)
    assert first.latency >= 190


def test_what_is_not_answered_is_given_up() -> None:
    ends = threading.Event()

    def never(number: int) -> Answer:
        if number > 10:
            ends.wait(30)
        return FREE

    with Stub(never) as stub:
        samples = sent(stub, answer_seconds_max=0.3)
        ends.set()
    assert len(samples) == 20
    assert {each.error for each in samples} == {None, "timeout"}


async def test_a_service_that_is_not_there_cannot_be_measured(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = await asyncio.to_thread(holdfast, *SHORT, "--url", url, "--out", str(tmp_path / "load"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"holdfast: {url} cannot be reached")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "load").exists()


@pytest.mark.parametrize(
    ("login", "rooms", "told"),
    [
        ((200, b'{"token": "x"}'), (200, b'{"rooms": []}'), "has no rooms: run `make seed` first"),
        ((200, b'{"token": "x"}'), (401, b"{}"), "the token is not accepted there"),
        ((200, b'{"token": "x"}'), (200, b"<html>"), "not as Holdfast does"),
        ((404, b"{}"), (200, b"{}"), "give a user's token with --token"),
        ((500, b"{}"), (200, b"{}"), "not as Holdfast does"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(login: Answer, rooms: Answer, told: str, tmp_path: Path) -> None:
    with Stub() as stub:
        stub.login, stub.rooms = login, rooms
        status, _, errors = run(stub, tmp_path)
    assert status == 2
    assert told in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("wrong", [("--duration", "10"), ("--p95", "fast"), ("--url", "nowhere")])
def test_a_wrong_option_is_refused(wrong: tuple[str, str]) -> None:
    done = holdfast("load-test", *wrong)
    assert done.returncode == 2
    assert wrong[1] in done.stderr


def test_without_locust_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "find_spec", lambda _: None)
    with pytest.raises(trial.NotMeasured, match="make setup-dev"):
        trial.prepare("http://127.0.0.1:1", None, 1, 1)


def test_a_sender_that_fails_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    with Stub() as stub, pytest.raises(trial.NotMeasured, match="has failed"):
        sent(stub)
