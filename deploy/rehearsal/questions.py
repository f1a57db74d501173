"""What people would ask through nginx, with curl, and what the answers must be."""

import json
import re
import subprocess
import time

TIMES = {"start_time": "2030-06-01T10:00:00Z", "end_time": "2030-06-01T11:00:00Z"}
JSON = ("-H", "Content-Type: application/json", "-H", "Accept-Language: en")


class Wrong(SystemExit):
    """An answer is not what it must be."""


def ask(address: str) -> None:
    """All questions, in order. Raises `Wrong`."""
    book(address, "rehearsed")
    read_the_app(address)
    listen(address)
    be_counted(address)
    send_too_much(address)


def curl(*arguments: str) -> str:
    """The answer's head and body."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", *arguments], check=False, capture_output=True)
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode()


def expect(what: str, answer: str, *patterns: str) -> None:
    """Print what was asked and whether each pattern is in the answer. Raises `Wrong`."""
    first = answer.partition("\r\n")[0]
    missing = [pattern for pattern in patterns if not re.search(pattern, answer, re.IGNORECASE)]
    print(f"   {what}: {first}{f', and not {missing}' if missing else ''}", flush=True)
    if missing:
        raise Wrong(answer)


def body(room: str) -> tuple[str, ...]:
    """A reservation, as curl is told of it."""
    return (*JSON, "-d", json.dumps({"room_id": room, **TIMES}))


def book(address: str, room: str) -> None:
    """A room once, the same room again, and its list."""
    expect("book a room", curl(f"{address}/reservations", *body(room)), r"^HTTP/1.1 201")
    expect("book it again", curl(f"{address}/reservations", *body(room)), r"^HTTP/1.1 409", "TIME_CONFLICT")
    expect("list it", curl(f"{address}/reservations/{room}"), r"^HTTP/1.1 200", TIMES["start_time"])


def read_the_app(address: str) -> None:
    """The page, one of its parts, and where the server's name alone leads."""
    page = curl(f"{address}/app/")
    expect("the web app", page, r"^HTTP/1.1 200", r"content-security-policy: default-src 'none'", "no-cache")
    part = re.findall(r"/app/assets/[\w.-]+\.js", page)[0]
    head = curl("-H", "Accept-Encoding: br", "--output", "/dev/null", "--dump-header", "-", f"{address}{part}")
    expect("a part of it", head, r"^HTTP/1.1 200", "max-age=31536000, immutable", "content-encoding: br")
    expect("/", curl(f"{address}/"), r"^HTTP/1.1 302", r"location: /app/")
    expect("the API's page", curl(f"{address}/docs"), r"^HTTP/1.1 200")


def listen(address: str) -> None:
    """A change reaches somebody who listens, while the answer goes on."""
    command = ["curl", "-sS", "-i", "-N", "--max-time", "15", f"{address}/stream?place=room:heard"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as listener:
        assert listener.stdout is not None
        for line in listener.stdout:
            if not line.strip():
                break
        started = time.monotonic()
        curl(f"{address}/reservations", *body("heard"))
        heard = next((line for line in listener.stdout if b"reservation.created" in line), b"nothing")
        seconds = time.monotonic() - started
        listener.terminate()
    expect(f"listen, for {seconds * 1000:.0f} ms", heard.decode().strip()[:60], "reservation.created")


def be_counted(address: str) -> None:
    """Each client has an allowance of its own behind the proxy, and nobody gets another by making up a header."""
    counted = f"{address}/api/events/1"
    for client in range(2, 12):
        first = curl("--interface", f"127.0.0.{client}", counted)
        made_up = curl("--interface", f"127.0.0.{client}", "-H", "X-Forwarded-For: 203.0.113.7", counted)
        if "ratelimit-remaining: 99" not in made_up.lower():
            break
        # All begin anew when a window ends, which may be between the two: once more, as somebody else.
    expect("one client", first, "ratelimit-remaining: 99")
    expect("the same, under another name", made_up, "ratelimit-remaining: 98")
    expect("another client", curl("--interface", "127.0.0.99", counted), "ratelimit-remaining: 99")


def send_too_much(address: str) -> None:
    """What is too large is refused by Holdfast, with a code, not by nginx."""
    answer = curl(f"{address}/reservations", *JSON, "-H", "X-Request-ID: mine-1", "-d", "x" * 100_000)
    expect("a body that is too large", answer, r"^HTTP/1.1 413", "BODY_TOO_LARGE", "x-request-id: mine-1")
