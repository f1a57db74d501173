"""Debian's nginx in front of Holdfast, with the configuration of the container: what must pass, and unchanged."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import questions
import servers
from races.ledger import acknowledged, active_ids, check_promise, statuses
from races.volley import volley_from_processes
from redis_server import RedisServer, program
from rooms import some_room
from service import Service
from stack.requests import reservations

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "holdfast" / "web" / "built"


@pytest.fixture(scope="module")
def behind(database_url: str, redis_server: RedisServer) -> Iterator[Service]:
    """A service of two workers whose `port` and `url` are nginx's."""
    program("nginx")
    [port] = servers.free_ports(1)
    settings = {"DATABASE_URL": database_url, "WORKERS": 2, "TRUSTED_PROXIES": "127.0.0.1"}
    settings["REDIS_URL"] = redis_server.url
    # Not pytest's own directory, which nobody else may enter.
    with (
        tempfile.TemporaryDirectory(prefix="front-") as name,
        Service(settings) as api,
    ):
        place = Path(name)
        place.chmod(0o755)
        front = servers.nginx(ROOT / "deploy/nginx/holdfast.conf", place, api.port, port)
        api.port, api.url = port, f"http://127.0.0.1:{port}"
        yield api
        front.terminate()
        front.wait()


@pytest.mark.parametrize(
    "question", [questions.listen, questions.be_counted, questions.send_too_much], ids=lambda each: each.__name__
)
def test_what_people_ask_through_nginx_is_answered(question: Callable[[str], None], behind: Service) -> None:
    question(behind.url)


def test_the_web_app_comes_with_its_headers_through_nginx(behind: Service) -> None:
    if not WEB.is_dir():
        pytest.skip("the web app is not built")
    questions.read_the_app(behind.url)


async def test_the_promise_holds_through_nginx(behind: Service, database_url: str) -> None:
    answers = volley_from_processes(reservations(behind.port, 25))
    assert statuses(answers).keys() == {201, 409}
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)


def test_a_list_that_has_not_changed_is_not_sent_again_through_nginx(behind: Service) -> None:
    address = f"{behind.url}/reservations/{some_room()}"
    tag = httpx.get(address, timeout=30).headers["etag"]
    assert httpx.get(address, headers={"If-None-Match": tag}, timeout=30).status_code == 304


def test_a_request_keeps_its_name_or_gets_one(behind: Service) -> None:
    assert (
        httpx.get(f"{behind.url}/_info", headers={"X-Request-ID": "mine"}, timeout=30).headers["x-request-id"] == "mine"
    )
    assert len(httpx.get(f"{behind.url}/_info", timeout=30).headers["x-request-id"]) >= 16
