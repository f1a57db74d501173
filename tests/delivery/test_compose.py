"""The Compose files: what they come to, held against the schema of Compose, and what a server cannot do without."""

import json
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from compose import Missing, load
from holdfast.settings import HINTS
from holdfast.settings import load as load_settings

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docker-compose.yml"
SERVER = ROOT / "docker-compose.prod.yml"
SECRETS = {"DB_PASSWORD": "d" * 20, "REDIS_PASSWORD": "r" * 20, "ACCESS": "token", "JWT_SECRET": "s" * 32}


@pytest.fixture(params=["here", "server"])
def project(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What `docker compose config` would print: on a bare checkout, and on a server."""
    return load([HERE], {}) if request.param == "here" else load([HERE, SERVER], SECRETS)


def settings_of(project: dict[str, Any]) -> Any:
    given = project["services"]["api"]["environment"]
    assert set(given) <= {name.upper() for name in HINTS}
    return load_settings(given, env_file=None)


def test_the_files_are_what_compose_understands(project: dict[str, Any], tmp_path: Path) -> None:
    written = tmp_path / "config.json"
    written.write_text(json.dumps(project), encoding="utf-8")
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", written]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SECRETS)
def test_a_server_does_not_start_without_a_secret(name: str) -> None:
    with pytest.raises(Missing, match=name):
        load([HERE, SERVER], {key: value for key, value in SECRETS.items() if key != name})


def test_a_server_is_a_public_server() -> None:
    project = load([HERE, SERVER], SECRETS)
    assert settings_of(project).production
    assert settings_of(project).access == "token"
    assert project["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"] == SECRETS["DB_PASSWORD"]
    assert SECRETS["REDIS_PASSWORD"] in project["services"]["redis"]["command"]
    assert "ports" not in project["services"]["api"]
    assert project["services"]["nginx"]["ports"] == ["127.0.0.1:3000:3000"]


def test_the_overlay_changes_only_the_password_of_what_redis_is_started_with() -> None:
    here = load([HERE], {"REDIS_PASSWORD": SECRETS["REDIS_PASSWORD"]})["services"]["redis"]["command"]
    assert load([HERE, SERVER], SECRETS)["services"]["redis"]["command"] == here


def test_a_bare_checkout_has_the_names_and_ports_that_the_contracts_say() -> None:
    project = load([HERE], {})
    assert project["services"]["postgres"]["container_name"] == "booking_postgres"
    # Both are nginx's, so that there may be several of the API.
    assert project["services"]["nginx"]["ports"] == ["3000:3000", "8080:8080"]
    settings = settings_of(project)
    assert (settings.db_database, settings.db_username, settings.workers) == ("booking_db", "postgres", 2)
    assert settings.postgres_url == "postgresql://postgres:postgres@postgres:5432/booking_db"
    assert settings.redis_address == "redis://:redis@redis:6379/0"


def test_redis_has_a_password_always_and_its_checks_have_the_same(project: dict[str, Any]) -> None:
    redis = project["services"]["redis"]
    password = redis["command"][redis["command"].index("--requirepass") + 1]
    assert password
    assert redis["environment"]["REDISCLI_AUTH"] == password
    assert settings_of(project).redis_password == password


def test_images_have_a_debian_and_versions_that_still_get_fixes(project: dict[str, Any]) -> None:
    named = [service["image"] for name, service in project["services"].items() if name != "api"]
    named += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    named += re.findall(r"postgres:\d[\w-]*", (ROOT / "tests/on_a_container.sh").read_text(encoding="utf-8"))
    assert len(named) == 7
    assert [each for each in named if not re.search(r"trixie|alpine", each)] == []
    [nginx] = [each for each in named if "nginx" in each]
    assert nginx == "nginxinc/nginx-unprivileged:1.30-alpine"


def test_the_images_revision_is_given_by_whoever_builds_it() -> None:
    build = load([HERE], {"REVISION": "4711"})["services"]["api"]["build"]
    assert build["args"]["REVISION"] == "4711"
    assert re.search(r"REVISION=.*git describe", (ROOT / "Makefile").read_text(encoding="utf-8"))


def test_the_documents_ask_for_what_the_files_need() -> None:
    used = HERE.read_text(encoding="utf-8") + SERVER.read_text(encoding="utf-8")
    said = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    for word, version in (("start_interval", "Docker Engine 25"), ("!override", "Compose 2.24.4")):
        assert (word in used) == (version in said)


def test_there_may_be_several_of_the_api(project: dict[str, Any]) -> None:
    api = project["services"]["api"]
    assert "container_name" not in api
    assert "ports" not in api, "a port of this machine can be had once"
    assert all("ipv4_address" not in (each or {}) for each in networks_of(api).values())


def networks_of(service: dict[str, Any]) -> dict[str, Any]:
    """The networks of a service, which may be listed or have options."""
    given = service["networks"]
    return given if isinstance(given, dict) else dict.fromkeys(given)


def test_nginx_listens_on_the_ports_that_are_published(project: dict[str, Any]) -> None:
    listened = re.findall(r"listen (\d+);", (ROOT / "deploy/nginx/holdfast.conf").read_text(encoding="utf-8"))
    published = {each.rpartition(":")[2] for each in project["services"]["nginx"]["ports"]}
    assert published <= set(listened)


def test_only_nginx_may_say_whom_a_request_comes_from() -> None:
    project = load([HERE], {})
    address = ip_address(project["services"]["nginx"]["networks"]["outer"]["ipv4_address"])
    [network] = settings_of(project).proxies
    assert (network.network_address, network.num_addresses) == (address, 1)
    assert address in ip_network(project["networks"]["outer"]["ipam"]["config"][0]["subnet"])


def test_every_service_is_watched_restarted_and_bounded(project: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name, service in project["services"].items():
        assert "healthcheck" in service or (name == "api" and "\nHEALTHCHECK " in dockerfile)
        assert service["restart"] in {"unless-stopped", "always"}
        assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])


def test_postgresql_has_connections_for_what_the_workers_may_open(project: dict[str, Any]) -> None:
    settings = settings_of(project)
    most = settings.workers * (settings.worker_lanes + settings.database_connections + 10 + 4)
    command = " ".join(project["services"]["postgres"]["command"])
    assert int(re.findall(r"max_connections=(\d+)", command)[0]) > most + 10


def test_whoever_is_needed_is_healthy_first(project: dict[str, Any]) -> None:
    for service in project["services"].values():
        for wanted in service.get("depends_on", {}).values():
            assert wanted["condition"] == "service_healthy"
