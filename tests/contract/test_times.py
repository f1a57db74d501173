"""Which times are taken, and how they come back."""

from typing import Any

import httpx
import pytest

from answers import faults, reserve
from rooms import some_room


async def answer_to(http: httpx.AsyncClient, start: Any, end: Any) -> httpx.Response:
    return await http.post("/reservations", json={"room_id": some_room(), "start_time": start, "end_time": end})


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("2030-05-01T10:00:00Z", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00z", "2030-05-01T10:00:00Z"),
        ("2030-05-01t10:00:00Z", "2030-05-01T10:00:00Z"),
        ("2030-05-01 10:00:00Z", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00+00:00", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00-00:00", "2030-05-01T10:00:00Z"),
        ("2030-05-01T13:00:00+03:00", "2030-05-01T10:00:00Z"),
        ("2030-05-01T01:30:00-08:30", "2030-05-01T10:00:00Z"),
        ("2030-05-02T09:59:00+23:59", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00.5Z", "2030-05-01T10:00:00.500000Z"),
        ("2030-05-01T10:00:00.123456Z", "2030-05-01T10:00:00.123456Z"),
        ("2030-05-01T10:00:00.120000Z", "2030-05-01T10:00:00.120000Z"),
        ("2030-05-01T10:00:00.000000", "2030-05-01T10:00:00Z"),
        ("2030-05-01T10:00:00.000001+00:00", "2030-05-01T10:00:00.000001Z"),
    ],
)
async def test_a_time_comes_back_in_utc_without_zero_fractions(
    http: httpx.AsyncClient, given: str, answered: str
) -> None:
    answer = await answer_to(http, given, "2030-05-01T11:00:00Z")
    assert answer.status_code == 201, answer.text
    assert answer.json()["start_time"] == answered


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2028-02-29T10:00:00Z", "2028-02-29T11:00:00Z", id="leap day"),
        pytest.param("2000-02-29T10:00:00Z", "2000-02-29T11:00:00Z", id="leap day of a century"),
        pytest.param("2028-02-28T23:00:00Z", "2028-03-01T01:00:00Z", id="across a leap day"),
        pytest.param("1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z", id="the first hour"),
        pytest.param("2200-12-31T23:00:00Z", "2200-12-31T23:59:59.999999Z", id="the last hour"),
        pytest.param("2201-01-01T00:30:00+01:00", "2201-01-01T00:59:00+01:00", id="in the last hour by its offset"),
    ],
)
async def test_every_moment_of_the_years_1970_to_2200_is_allowed(http: httpx.AsyncClient, start: str, end: str) -> None:
    answer = await answer_to(http, start, end)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("2029-02-29T10:00:00Z", id="no leap day that year"),
        pytest.param("2100-02-29T10:00:00Z", id="no leap day that century"),
        pytest.param("2030-04-31T10:00:00Z", id="day 31 of 30"),
        pytest.param("2030-13-01T10:00:00Z", id="month 13"),
        pytest.param("2030-00-01T10:00:00Z", id="month 0"),
        pytest.param("2030-05-01T24:00:00Z", id="hour 24"),
        pytest.param("2030-05-01T10:60:00Z", id="minute 60"),
        pytest.param("2030-05-01T10:00:00+24:00", id="an offset of a day"),
        pytest.param("2030-05-01T10:00:00+10:60", id="an offset of 60 minutes"),
        pytest.param("2030-05-01T10:00:00+0300", id="an offset without colon"),
        pytest.param("2030-05-01T10:00:00+03", id="an offset of hours only"),
        pytest.param("2030-05-01T10:00:00.1234567Z", id="seven digits"),
        pytest.param("2030-05-01T10:00:00.0000000Z", id="seven zeros"),
        pytest.param("2030-05-01T10:00:00.Z", id="a point without digits"),
        pytest.param("2030-05-01T10:00:00,5Z", id="a comma"),
        pytest.param("2030-05-01T10:00Z", id="no seconds"),
        pytest.param("2030-05-01", id="no time"),
        pytest.param("20300501T100000Z", id="basic format"),
        pytest.param("2030-W18-3T10:00:00Z", id="week date"),
        pytest.param("2030-05-01T10:00:00ZZ", id="two zones"),
        pytest.param("2030-05-01T10:00:00Z\n", id="a line's end"),
        pytest.param(" 2030-05-01T10:00:00Z", id="a space before"),
        pytest.param("2030-05-01T10:00:00 UTC", id="a zone's name"),
        pytest.param("٢٠٣٠-05-01T10:00:00Z", id="digits of another script"),
        pytest.param("1969-12-31T23:59:59.999999Z", id="before 1970"),
        pytest.param("1970-01-01T00:00:00+00:01", id="before 1970 by its offset"),
        pytest.param("2201-01-01T00:00:00Z", id="after 2200"),
        pytest.param("2200-12-31T23:59:59-00:01", id="after 2200 by its offset"),
        pytest.param("0001-01-01T00:00:00+23:59", id="before the first year"),
        pytest.param("9999-12-31T23:59:59-23:59", id="after the last year"),
        pytest.param("10000-01-01T00:00:00Z", id="five digits of year"),
        pytest.param("-2030-05-01T10:00:00Z", id="negative year"),
        pytest.param("tomorrow", id="a word"),
        pytest.param("", id="nothing"),
        pytest.param("1893495600", id="digits"),
        pytest.param(1893495600, id="a whole number"),
        pytest.param(1893495600.5, id="a fraction"),
        pytest.param(True, id="true"),
        pytest.param(None, id="null"),
        pytest.param(["2030-05-01T10:00:00Z"], id="an array"),
        pytest.param({"time": "2030-05-01T10:00:00Z"}, id="an object"),
    ],
)
@pytest.mark.parametrize("field", ["start_time", "end_time"])
async def test_what_is_no_time_is_refused_and_its_field_named(http: httpx.AsyncClient, field: str, given: Any) -> None:
    times = {"start_time": "2030-05-01T10:00:00Z", "end_time": "2030-05-01T11:00:00Z", field: given}
    assert faults(await http.post("/reservations", json={"room_id": some_room(), **times})) == {field}


async def test_two_spellings_of_one_moment_clash(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    times = {"start_time": "2030-05-01T12:59:59.999999+03:00", "end_time": "2030-05-01T05:30:00-05:00"}
    answer = await http.post("/reservations", json={"room_id": room, **times})
    assert answer.status_code == 409
