"""The table of numbers in the READMEs, from what the benchmarks have written."""

import json
import statistics
from typing import Any

from documents import read

HEADS = {"en": "| what | measured | by |", "ru": "| что | измерено | чем |"}
ROWS = {
    "en": {
        "rooms": "reservations a second, 1,000 rooms",
        "room": "reservations a second, all of one room",
        "seats": "seats booked a second, all at one event",
        "sale": "10,000 people, 500 at once, for 100 seats: sold, and the time it takes",
        "event": "seats left of an event, answers a second",
        "slots": "an office's free slots, answers a second",
        "lost": "overlaps, events with too many bookings, acknowledged seats that are not there",
    },
    "ru": {
        "rooms": "бронирований в секунду, 1000 комнат",
        "room": "бронирований в секунду, все в одной комнате",
        "seats": "мест на мероприятия в секунду, все на одно",
        "sale": "10 000 человек, по 500 сразу, на 100 мест: продано и за какое время",
        "event": "сколько мест осталось: ответов в секунду",
        "slots": "свободные слоты офиса: ответов в секунду",
        "lost": "пересечений, лишних броней на мероприятия, подтверждённых и пропавших мест",
    },
}
BENCH, CONCERTS, OFFICE = "`make bench`", "`make bench ARGS=--concerts`", "`make bench ARGS=--office`"


def numbers_table(language: str) -> str:
    """The table in this language; rates are rounded to hundreds."""
    results, concerts, office = (json.loads(read(f"bench/{name}.json")) for name in ("results", "concerts", "office"))
    seconds = f"{statistics.median(concerts['sales']):.1f}"
    sold = f"{min(concerts['sold'])}, {seconds} s"
    if language == "ru":
        sold = f"{min(concerts['sold'])}, {seconds.replace('.', ',')} с"
    lost = (
        results["promise"]["overlaps"] + target(concerts, "events whose") + target(concerts, "bookings that were ack")
    )
    measured = {
        "rooms": (rate(results["medians"]["rooms"]["rate"], language), BENCH),
        "room": (rate(results["medians"]["room"]["rate"], language), BENCH),
        "seats": (rate(target(concerts, "seats a second"), language), CONCERTS),
        "sale": (sold, CONCERTS),
        "event": (rate(target(concerts, "GET /api/events"), language), CONCERTS),
        "slots": (rate(target(office, "lists of free slots a second"), language), OFFICE),
        "lost": (str(int(lost)), f"{BENCH}, {CONCERTS}"),
    }
    rows = [f"| {ROWS[language][name]} | {value} | {command} |" for name, (value, command) in measured.items()]
    return "\n".join([HEADS[language], "|---|---|---|", *rows]) + "\n"


def target(results: dict[str, Any], title: str) -> float:
    """What was measured for the target whose title begins like this."""
    return next(float(each["value"]) for each in results["targets"] if each["title"].startswith(title))


def rate(value: float, language: str) -> str:
    """A rate in hundreds, in the language's way of writing thousands."""
    text = f"{round(value, -2):,.0f}"
    return text if language == "en" else text.replace(",", "\N{NO-BREAK SPACE}")
