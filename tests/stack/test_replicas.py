"""nginx finds the API again when its address changes, and sends requests to each of several, without being told."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

import servers
from name_server import NameServer
from redis_server import program

ROOT = Path(__file__).parents[2]
FIRST, SECOND = "127.0.0.2", "127.0.0.3"
NOTICED_SECONDS_MAX = 20.0
MANY = 60


class Replica(BaseHTTPRequestHandler):
    """Says at which address it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = str(self.server.server_address[0]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the names are the library's

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def replica(address: str, port: int) -> Iterator[None]:
    """A stand-in for one container of the API."""
    with ThreadingHTTPServer((address, port), Replica) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield
        server.shutdown()
        thread.join()


class Front:
    """nginx with the containers' configuration, and the name server that it asks for `api`."""

    def __init__(self, url: str, names: NameServer, port: int) -> None:
        self.names, self.port = names, port
        self.client = httpx.Client(base_url=url, timeout=30, verify=False)

    def ask(self, method: str = "GET") -> str:
        """Who answers, or the status of an error."""
        answer = self.client.request(method, "/_info")
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    def until(self, is_so: Callable[[str], bool]) -> None:
        """Ask until the answer is as it should be."""
        deadline = time.monotonic() + NOTICED_SECONDS_MAX
        while not is_so(said := self.ask()):
            assert time.monotonic() < deadline, said

    def many(self, method: str = "GET") -> Counter[str]:
        """Who answers how often."""
        return Counter(self.ask(method) for _ in range(MANY))


@pytest.fixture
def front() -> Iterator[Front]:
    program("nginx")
    port, api = servers.free_ports(2)
    with tempfile.TemporaryDirectory(prefix="front-") as name, NameServer([]) as names:
        place = Path(name)
        place.chmod(0o755)
        # No address is known yet: it starts all the same.
        process = servers.nginx(ROOT / "deploy/nginx/holdfast.conf", place, f"api:{api}", port, resolver=names.address)
        front = Front(f"http://127.0.0.1:{port}", names, api)
        yield front
        front.client.close()
        process.terminate()
        process.wait()


def test_an_api_that_comes_later_than_nginx_is_found(front: Front) -> None:
    assert front.ask() == "502"
    with replica(FIRST, front.port):
        front.names.addresses = [FIRST]
        front.until(lambda said: said == FIRST)


def test_an_api_that_was_made_anew_elsewhere_is_found(front: Front) -> None:
    with replica(FIRST, front.port):
        front.names.addresses = [FIRST]
        front.until(lambda said: said == FIRST)
    with replica(SECOND, front.port):
        front.names.addresses = [SECOND]
        front.until(lambda said: said == SECOND)
        assert front.many() == {SECOND: MANY}


def test_an_address_that_somebody_else_has_now_is_left_alone(front: Front) -> None:
    with replica(FIRST, front.port), replica(SECOND, front.port):
        front.names.addresses = [FIRST]
        front.until(lambda said: said == FIRST)
        front.names.addresses = [SECOND]
        front.until(lambda said: said == SECOND)
        assert front.many() == {SECOND: MANY}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_two_replicas_share_the_requests_and_one_does_for_both(method: str, front: Front) -> None:
    with ExitStack() as second, replica(FIRST, front.port):
        front.names.addresses = [FIRST]
        front.until(lambda said: said == FIRST)
        # One more, as `--scale api=2` makes it.
        second.enter_context(replica(SECOND, front.port))
        front.names.addresses = [FIRST, SECOND]
        front.until(lambda said: said == SECOND)
        shares = front.many(method)
        assert shares.keys() == {FIRST, SECOND}
        assert min(shares.values()) >= MANY // 6
        # And it goes, before the name server knows.
        second.close()
        assert front.many(method) == {FIRST: MANY}
