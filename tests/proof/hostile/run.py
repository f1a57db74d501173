"""One run: threads that send what is drawn, each on a connection of its own, and a look at what came back."""

import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import httpx
from msgspec import Struct

from proof.hostile.requests import Draws
from rooms import DAY, body, some_room
from service import Service
from tokens import SECRET, token

THREADS = 48
PATIENCE_SECONDS = 15.0
SHOWN_MAX = 5
ALLOWED = {"502", "503"}
"""A conference service that fails, and a service that is too busy: the contract has both."""


class Done(Struct):
    """What came back: how often each status, or `closed` or `silent`; and requests that were answered with 5xx."""

    answers: Counter[str]
    stumbled: list[tuple[str, bytes]]
    still_books: bool
    failures: list[str]

    @property
    def is_well(self) -> bool:
        """Whether the service took all of it as it should."""
        return not self.stumbled and not self.failures and self.still_books and not self.answers["silent"]


def run(url: str, requests: int, seed: int) -> Done:
    """Send so many requests to a service of its own on this database."""
    settings = {
        "DATABASE_URL": url, "WORKERS": 2, "JWT_SECRET": SECRET, "RATE_LIMIT_MAX": 0, "PASSWORD_COST": 4,
        "BODY_SECONDS_MAX": 1,
    }  # fmt: skip
    done = Done(Counter(), [], False, [])
    with Service(settings) as service:
        paths = httpx.get(f"{service.url}/openapi.json", timeout=30).json()["paths"]
        calls = {
            path: [each for each in item if each in {"get", "post", "patch", "put", "delete"}]
            for path, item in paths.items()
        }
        tokens = [token(), token(role="admin"), token(secret="x" * 32)]
        ids = made(service.url, tokens[1])
        lock = threading.Lock()

        def send(part: int) -> None:
            draws = Draws(f"{seed} {part}", calls, tokens, ids)
            for _ in range(requests // THREADS):
                request = draws.request()
                status = asked(service.port, request)
                with lock:
                    done.answers[status] += 1
                    if status.startswith("5") and status not in ALLOWED:
                        done.stumbled.append((status, request))

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(send, range(THREADS)))
        last = httpx.post(f"{service.url}/reservations", json=body(some_room(), 1, 2), timeout=PATIENCE_SECONDS)
        done.still_books = last.status_code == 201
        log = service.output()
    done.failures = [line for line in log.splitlines() if "request failed" in line or "Traceback" in line]
    return done


def made(url: str, admin: str) -> list[str]:
    """The ids of one of each thing that there can be, so that requests come further than to 404."""
    calls: list[tuple[str, dict[str, object]]] = [
        ("/tables", {"name": "a", "seats": 4, "location": "a"}),
        ("/api/events", {"name": "a", "total_seats": 1_000}),
        ("/api/bookings/reserve", {"event_id": 1, "user_id": "anna"}),
        ("/reservations", body("blue", 1, 2)),
        (
            "/reservations",
            {"table_id": 1, "customer_name": "a", "reservation_time": DAY.isoformat(), "duration_minutes": 60},
        ),
        ("/rooms/create", {"name": "a"}),
        ("/webhooks", {"url": "https://192.0.2.1/hook"}),
    ]
    found = [str(UUID(int=9))]
    for path, content in calls:
        headers = {"Authorization": f"Bearer {admin}"} if path in {"/rooms/create", "/webhooks"} else {}
        answer = httpx.post(f"{url}{path}", json=content, headers=headers, timeout=PATIENCE_SECONDS).json()
        thing = answer.get("room", answer)
        if "id" in thing:
            found.append(str(thing["id"]))
    return found


def asked(port: int, request: bytes) -> str:
    """The status that a request is answered with; `closed` without an answer, `silent` when nothing comes at all."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        with suppress(OSError):
            connection.sendall(request)
        try:
            start = connection.recv(64)
        except TimeoutError:
            return "silent"
        except OSError:
            return "closed"
    parts = start.split(b" ", 2)
    return parts[1].decode("latin-1") if len(parts) > 1 and parts[0].startswith(b"HTTP/") else "closed"


def report(done: Done, seed: int) -> str:
    """All that somebody needs to see, and to try again."""
    counts = [f"{count:>9,}  {status}" for status, count in sorted(done.answers.items())]
    lines = [f"seed {seed}: {done.answers.total():,} hostile requests", *counts]
    lines += [f"{status} for {request[:400]!r}" for status, request in done.stumbled[:SHOWN_MAX]]
    lines += done.failures[:SHOWN_MAX]
    if not done.still_books:
        lines.append("afterwards the service did not book")
    lines.append("All well." if done.is_well else f"NOT WELL: {len(done.stumbled)} answers of 5xx")
    return "\n".join(lines)
