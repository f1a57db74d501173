"""The alert rules and the dashboard: what they ask Prometheus for is what a running service really tells."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from rooms import body, some_room
from service import Service

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "holdfast.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "holdfast.json"
SELECTOR = re.compile(r"\b(holdfast_\w+)(?:\{([^}]*)\})?")
PROMETHEUS_OWN = {"instance", "job"}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.fixture(scope="module")
def told(service: Service) -> dict[str, set[str]]:
    """Each metric that a scrape has, with its labels."""
    times = body(some_room(), 1, 2)
    assert httpx.post(f"{service.url}/reservations", json=times, timeout=30).status_code == 201
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{service.url}/metrics", timeout=30).text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_that_is_asked_for_is_told(expression: str, told: dict[str, set[str]]) -> None:
    for name, selector in SELECTOR.findall(expression):
        assert name in told
        assert set(re.findall(r"(\w+)(?:=|!=)~?\"", selector)) <= told[name] | PROMETHEUS_OWN


def test_every_route_that_is_named_is_one(service: Service) -> None:
    paths = httpx.get(f"{service.url}/openapi.json", timeout=30).json()["paths"]
    named = re.findall(r"route!?=~?\"([^\"]+)\"", " ".join(expressions()))
    assert {route for each in named for route in each.split("|")} <= set(paths)


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        if "alert" in rule:
            assert set(rule["annotations"]) == {"summary", "action"}
            assert rule["labels"]["severity"] in {"page", "ticket"}


def test_every_alert_is_shown_to_speak_up_and_to_be_silent() -> None:
    shown = (DEPLOY / "prometheus" / "holdfast.test.yml").read_text(encoding="utf-8")
    alerts = [rule["alert"] for rule in rules() if "alert" in rule]
    assert set(re.findall(r"alertname: (\w+)", shown)) == set(alerts)
    assert f"value: {len(alerts)}}}" in shown


@pytest.fixture
def promtool() -> str:
    """Prometheus's own checker, where it is installed."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return found


@pytest.mark.parametrize("what", [["check", "rules", "holdfast.rules.yml"], ["test", "rules", "holdfast.test.yml"]])
def test_prometheus_takes_the_rules(what: list[str], promtool: str) -> None:
    done = subprocess.run([promtool, *what], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_what_the_dashboard_asks(promtool: str, tmp_path: Path) -> None:
    asked = [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in expressions()]
    written = tmp_path / "asked.yml"
    written.write_text(
        yaml.safe_dump(
            {"groups": [{"name": "asked", "rules": [{"record": f"a{n}", "expr": e} for n, e in enumerate(asked)]}]}
        ),
        encoding="utf-8",
    )
    done = subprocess.run([promtool, "check", "rules", written], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
