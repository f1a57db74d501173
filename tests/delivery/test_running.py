"""`make up`, `make seed`, `make load-test`: the service that runs is meant, in containers or not."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from holdfast.database import embedded
from service import free_port
from terminal import holdfast

ROOT = Path(__file__).parents[2]
DOCKER = """#!/bin/sh
echo "docker $*" >>"$TOLD"
case "$*" in
"compose ps "*) [ -z "${NO_COMPOSE:-}" ] || exit 1; printf '%s' "${RUNNING:-}" ;;
"compose port api 8080") [ -n "${API:-}" ] || exit 1; echo "$API" ;;
"compose port nginx 3000") [ -n "${NGINX:-}" ] || exit 1; echo "$NGINX" ;;
esac
"""
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"$TOLD"
"""
ALL = "api\nnginx\npostgres\nredis\n"
SEEDED = "docker compose exec --no-TTY api holdfast seed"


class Checkout:
    """The Makefile and its script, beside programs that only tell how they were called."""

    def __init__(self, place: Path) -> None:
        self._place, self._told = place, place / "told"
        for name in ("Makefile", "deploy/running.sh"):
            (place / name).parent.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
        (place / ".venv" / "bin").mkdir(parents=True)
        for each in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", ".venv/runtime", ".venv/dev"):
            (place / each).touch()
        self.add("docker", DOCKER)
        self.add(".venv/bin/holdfast", PROGRAM)

    def add(self, name: str, text: str) -> None:
        (self._place / name).write_text(text, encoding="utf-8")
        (self._place / name).chmod(0o755)

    def make(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        given = {"PATH": f"{self._place}:{os.environ['PATH']}", "TOLD": str(self._told), **environment}
        return subprocess.run(
            ["make", *arguments], cwd=self._place, env=given, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def told(self) -> list[str]:
        """The calls that did something; what was only asked is left out."""
        lines = self._told.read_text(encoding="utf-8").splitlines() if self._told.exists() else []
        return [line for line in lines if not line.startswith(("docker compose ps ", "docker compose port "))]


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with TemporaryDirectory(prefix="hf-") as directory:
        yield Checkout(Path(directory))


def test_up_seed_and_load_test_in_this_order_mean_the_containers(checkout: Checkout) -> None:
    assert checkout.make("up").returncode == 0
    seeded = checkout.make("seed", RUNNING=ALL)
    assert seeded.returncode == 0
    assert "docker compose runs" in seeded.stdout
    tested = checkout.make("load-test", RUNNING=ALL, API="0.0.0.0:8080")
    assert "http://127.0.0.1:8080" in tested.stdout
    assert checkout.told() == [
        "docker compose up --build --detach --wait",
        SEEDED,
        "holdfast load-test --url http://127.0.0.1:8080",
    ]


def test_options_are_handed_on(checkout: Checkout) -> None:
    checkout.make("seed", "ARGS=--yes", RUNNING=ALL)
    checkout.make("load-test", "ARGS=--rate 5 --url http://there", RUNNING=ALL, API="0.0.0.0:8080")
    checkout.make("load-test", "ARGS=--url=http://there", RUNNING=ALL, API="0.0.0.0:8080")
    assert checkout.told() == [
        f"{SEEDED} --yes",
        "holdfast load-test --rate 5 --url http://there",
        "holdfast load-test --url=http://there",
    ]


@pytest.mark.parametrize("why", [{}, {"NO_COMPOSE": "1"}], ids=["nothing runs", "no engine"])
def test_without_containers_the_checkout_is_meant(why: dict[str, str], checkout: Checkout) -> None:
    assert checkout.make("seed", **why).returncode == 0
    assert checkout.make("load-test", **why).returncode == 0
    assert checkout.told() == ["holdfast seed", "holdfast load-test"]


def test_a_database_that_was_named_is_meant_whatever_runs(checkout: Checkout) -> None:
    checkout.make("seed", RUNNING=ALL, DATABASE_URL="postgresql://there/db")
    checkout.make("seed", RUNNING=ALL, DB_HOST="there")
    assert checkout.told() == ["holdfast seed", "holdfast seed"]


@pytest.mark.parametrize("target", ["seed", "load-test"])
def test_containers_without_their_api_are_named(target: str, checkout: Checkout) -> None:
    done = checkout.make(target, RUNNING="postgres\nredis\n")
    assert done.returncode != 0
    assert "docker compose runs postgres redis, but not the API" in done.stderr
    assert checkout.told() == []


@pytest.mark.parametrize(
    ("published", "url"),
    [
        ({"API": "0.0.0.0:9090"}, "http://127.0.0.1:9090"),
        ({"API": "[::]:8081"}, "http://127.0.0.1:8081"),
        ({"API": "192.0.2.7:8080"}, "http://192.0.2.7:8080"),
        ({"NGINX": "127.0.0.1:3000"}, "http://127.0.0.1:3000"),
        ({"API": ":0", "NGINX": "0.0.0.0:3100"}, "http://127.0.0.1:3100"),
    ],
)
def test_the_load_test_asks_where_the_containers_are_reached(
    published: dict[str, str], url: str, checkout: Checkout
) -> None:
    checkout.make("load-test", RUNNING=ALL, **published)
    assert checkout.told() == [f"holdfast load-test --url {url}"]


@pytest.mark.parametrize("command", [["seed"], ["create-admin", "--email", "ann@example.com"]], ids=["seed", "admin"])
def test_a_private_database_is_not_filled_while_something_else_serves_its_port(
    command: list[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = holdfast(*command, PORT=str(port), DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert f"something serves port {port}, and not on the private PostgreSQL in {tmp_path}/data" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_private_database_is_known_to_be_used() -> None:
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        assert not embedded.is_used(Path(directory))
        with embedded.running(Path(directory)):
            assert embedded.is_used(Path(directory))
        assert not embedded.is_used(Path(directory))


def test_seeding_says_where_without_the_password() -> None:
    url = f"postgresql://ann:secret@127.0.0.1:{free_port()}/office"
    done = holdfast("seed", DATABASE_URL=url, DATABASE_WAIT_SECONDS_MAX="0.1")
    assert "Seeding the database office at 127.0.0.1:" in done.stdout
    assert "secret" not in done.stdout + done.stderr
