"""PostgreSQL stops, or crashes, in the middle of work: answers stay clean and true, and all is well soon after."""

from collections.abc import Iterator
from typing import Literal

import pytest

from races.load import Load
from races.postgres import Postgres
from service import Service

CODES = {"UNAVAILABLE", "OUTCOME_UNKNOWN", "TIME_CONFLICT"}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of these tests alone."""
    with Postgres() as postgres:
        yield postgres


@pytest.fixture(scope="module")
def service(postgres: Postgres) -> Iterator[Service]:
    """A service on it, impatient so that the test is short."""
    with Service({"DATABASE_URL": postgres.url, "WORKERS": 2, "CLAIM_SECONDS_MAX": 1}) as service:
        yield service


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_database_that_goes_and_comes_back_costs_no_reservation(
    postgres: Postgres, service: Service, mode: Literal["fast", "immediate"]
) -> None:
    with Load([service.port]) as load:
        load.wait_for(201, 100)
        postgres.stop(mode)
        load.wait_for(503, 8)
        postgres.start()
        load.wait_for(201, 50, seconds_max=5)
    assert {answer.status for answer in load.answers} <= {200, 201, 204, 409, 503}
    refused = [answer for answer in load.answers if answer.status >= 400]
    assert {answer.code for answer in refused} <= CODES
    assert all(answer.json["error"].keys() >= {"code", "message"} for answer in refused)
    assert all("retry-after" in answer.headers for answer in refused if answer.code == "UNAVAILABLE")
    await load.check(postgres.url, unanswered=False)


async def test_a_service_is_healthy_again_after_its_database_crashed_under_reads(
    postgres: Postgres, service: Service
) -> None:
    with Load([service.port], threads=2) as load:
        load.wait_for(200, 5)
        postgres.stop("immediate")
        load.wait_for(503, 2)
        postgres.start()
        load.wait_for(200, 10, seconds_max=5)
    await load.check(postgres.url, unanswered=False)
