"""Requests made from the description, good and bad: the answers are the ones that it announces."""

import os
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from people import PASSWORD, some_email
from rooms import body, some_room
from service import Service
from tokens import bearer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CAN_BE_WRONG = [
    ("POST", "/reservations"),
    ("GET", "/reservations"),
    ("GET", "/reservations/{id}"),
    ("PATCH", "/reservations/{id}"),
    ("POST", "/reservations/{reservation_id}/confirm"),
    ("POST", "/reservations/{reservation_id}/extend"),
    ("GET", "/places"),
    ("POST", "/rooms/create"),
    ("POST", "/rooms/{room_id}/schedule/create"),
    ("GET", "/rooms/{room_id}/slots/list"),
    ("POST", "/bookings/create"),
    ("GET", "/bookings/list"),
    ("POST", "/dummyLogin"),
    ("POST", "/register"),
    ("POST", "/login"),
    ("POST", "/password"),
    ("GET", "/users"),
    ("PATCH", "/users/{user_id}"),
    ("GET", "/tables"),
    ("POST", "/tables"),
    ("DELETE", "/tables/{table_id}"),
    ("POST", "/api/bookings/reserve"),
    ("GET", "/api/bookings"),
    ("GET", "/api/bookings/{booking_id}"),
    ("DELETE", "/api/bookings/{booking_id}"),
    ("POST", "/api/events"),
    ("GET", "/api/events"),
    ("GET", "/api/events/{event_id}"),
    ("PATCH", "/api/events/{event_id}"),
    ("POST", "/webhooks"),
    ("GET", "/webhooks/{webhook_id}/deliveries"),
    ("GET", "/board"),
    ("GET", "/board/mine"),
    ("GET", "/board/bookings"),
    ("GET", "/board/events"),
    ("GET", "/board/events/{event_id}"),
    ("GET", "/board/events/{event_id}/attendees"),
    ("GET", "/board/floor"),
]
"""Operations for which a request that breaks the description can be made at all."""
ALWAYS_RIGHT = [
    ("GET", "/reservations/by-id/{reservation_id}"),
    ("DELETE", "/reservations/{id}"),
    ("GET", "/rooms/list"),
    ("POST", "/rooms/{room_id}/retire"),
    ("GET", "/bookings/my"),
    ("GET", "/me"),
    ("POST", "/bookings/{booking_id}/cancel"),
    ("GET", "/webhooks"),
    ("GET", "/webhooks/{webhook_id}"),
    ("DELETE", "/webhooks/{webhook_id}"),
    ("POST", "/webhooks/{webhook_id}/enable"),
    ("POST", "/webhooks/{webhook_id}/disable"),
    ("POST", "/webhooks/{webhook_id}/rotate"),
    ("POST", "/webhooks/{webhook_id}/test"),
    ("GET", "/health"),
    ("GET", "/_info"),
    ("GET", "/metrics"),
    ("GET", "/metrics/{user_id}"),
]
WITHOUT_END = [("GET", "/stream")]
"""Answers that nobody can wait for; `test_live.py` has their tests."""
EXAMPLES = int(os.environ.get("EXAMPLES", "10"))
"""Of each kind of request; `make proof` sends more."""


@pytest.fixture(scope="module")
def description(service: Service) -> BaseSchema:
    """The description as the running service gives it."""
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json", config=schemathesis.Config())


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all requests."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def reservation_id(service: Service, session: requests.Session) -> str:
    """The id of a reservation that there is, which no random one would hit."""
    answer = session.post(f"{service.url}/reservations", json=body(some_room(), 10, 11), timeout=30)
    return str(answer.json()["id"])


def ask(cases: SearchStrategy[Case], session: requests.Session, headers: dict[str, str] | None = None) -> None:
    """Send a number of requests, the same ones in each run, and hold the answers against the description."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: Case) -> None:
        case.call_and_validate(session=session, checks=CHECKS, headers=headers)

    each()


@pytest.mark.parametrize(("method", "path"), [*CAN_BE_WRONG, *ALWAYS_RIGHT])
def test_good_requests_are_answered_as_described(
    description: BaseSchema, session: requests.Session, method: str, path: str
) -> None:
    ask(description[path][method].as_strategy(GenerationMode.POSITIVE), session)


@pytest.mark.parametrize(("method", "path"), CAN_BE_WRONG)
def test_bad_requests_are_answered_as_described(
    description: BaseSchema, session: requests.Session, method: str, path: str
) -> None:
    ask(description[path][method].as_strategy(GenerationMode.NEGATIVE), session)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_moves_of_a_reservation_are_answered_as_described(
    description: BaseSchema, session: requests.Session, reservation_id: str, mode: GenerationMode
) -> None:
    operation = description["/reservations/{id}"]["PATCH"]
    ask(operation.as_strategy(mode, path_parameters={"id": reservation_id}), session)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize("call", ["extend", "confirm"])
def test_calls_of_a_hold_are_answered_as_described(
    service: Service, description: BaseSchema, session: requests.Session, call: str, mode: GenerationMode
) -> None:
    content = body(some_room(), 10, 11) | {"hold_seconds": 900}
    held = session.post(f"{service.url}/reservations", json=content, timeout=30).json()
    operation = description[f"/reservations/{{reservation_id}}/{call}"]["POST"]
    cases = operation.as_strategy(mode, path_parameters={"reservation_id": held["id"]})
    ask(cases, session, {"Hold-Secret": held["hold_secret"]})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize("role", ["admin", "user"])
@pytest.mark.parametrize(("method", "path"), [each for each in CAN_BE_WRONG if each[1] != "/places"])
def test_who_has_a_token_is_answered_as_described(
    description: BaseSchema, session: requests.Session, method: str, path: str, role: str, mode: GenerationMode
) -> None:
    ask(description[path][method].as_strategy(mode), session, bearer(role=role))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_changes_of_a_user_are_answered_as_described(
    service: Service, description: BaseSchema, session: requests.Session, mode: GenerationMode
) -> None:
    content = {"email": some_email(), "password": PASSWORD, "role": "user"}
    user = session.post(f"{service.url}/register", json=content, timeout=30).json()["user"]
    operation = description["/users/{user_id}"]["PATCH"]
    ask(operation.as_strategy(mode, path_parameters={"user_id": user["id"]}), session, bearer(role="admin"))


def test_calls_of_a_managed_room_are_answered_as_described(service: Service, description: BaseSchema) -> None:
    admin, user = bearer(role="admin"), bearer()
    with requests.Session() as session:
        made = session.post(f"{service.url}/rooms/create", json={"name": "Blue"}, headers=admin, timeout=30)
        room = {"room_id": made.json()["room"]["id"]}
        for method, path, who in (
            ("POST", "/rooms/{room_id}/schedule/create", admin),
            ("GET", "/rooms/{room_id}/slots/list", user),
            ("POST", "/rooms/{room_id}/retire", admin),
        ):
            ask(description[path][method].as_strategy(GenerationMode.POSITIVE, path_parameters=room), session, who)


def test_calls_of_a_webhook_are_answered_as_described(service: Service, description: BaseSchema) -> None:
    admin = bearer(role="admin")
    with requests.Session() as session:
        content = {"url": "https://hooks.invalid/"}
        made = session.post(f"{service.url}/webhooks", json=content, headers=admin, timeout=30)
        hook = {"webhook_id": made.json()["id"]}
        for method, path in (
            ("GET", "/webhooks/{webhook_id}"),
            ("POST", "/webhooks/{webhook_id}/test"),
            ("GET", "/webhooks/{webhook_id}/deliveries"),
            ("POST", "/webhooks/{webhook_id}/rotate"),
            ("POST", "/webhooks/{webhook_id}/disable"),
            ("POST", "/webhooks/{webhook_id}/enable"),
            ("DELETE", "/webhooks/{webhook_id}"),
        ):
            ask(description[path][method].as_strategy(GenerationMode.POSITIVE, path_parameters=hook), session, admin)


def test_reservations_of_any_room_are_answered_as_described(description: BaseSchema, session: requests.Session) -> None:
    def with_times(case: Case) -> Case:
        # Two random times hardly ever make a reservation.
        if "room_id" in case.body:
            case.body |= body("", 10, 11) | {"room_id": case.body["room_id"]}
        return case

    operation = description["/reservations"]["POST"]
    ask(operation.as_strategy(GenerationMode.POSITIVE).map(with_times), session)


def test_every_described_operation_is_asked(description: BaseSchema) -> None:
    described = {(each.ok().method.upper(), each.ok().path) for each in description.get_all_operations()}
    assert described == {*CAN_BE_WRONG, *ALWAYS_RIGHT, *WITHOUT_END}
