"""What samples of a load test mean."""

import re

import pytest

from holdfast.load import chart, report
from holdfast.load.measurement import Metrics, Thresholds, measure, percentile, seconds
from holdfast.load.orders import Orders, Sample

ORDERS = Orders("http://service.example", "token", ["/a", "/b"], rate=10, seconds=1)
LIMITS = Thresholds(p95_ms=200, max_err=0.1)


def measured(samples: list[Sample], limits: Thresholds = LIMITS) -> Metrics:
    return measure(samples, ORDERS, limits, "2030-01-01T00:00:00+00:00")


def answered(*latencies: float, error: str | None = None) -> list[Sample]:
    return [Sample(number / 10, 0.1, latency, error) for number, latency in enumerate(latencies)]


@pytest.mark.parametrize(("share", "value"), [(0, 1), (50, 5), (90, 9), (91, 10), (95, 10), (100, 10)])
def test_a_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    assert percentile([10, 1, 2, 3, 4, 5, 6, 7, 8, 9], share) == value


def test_latencies_are_those_of_all_requests() -> None:
    latency = measured(answered(*range(1, 10)) + answered(1_000, error="timeout")).latency_ms
    assert (latency.p50, latency.p90, latency.p95, latency.max) == (5, 9, 1_000, 1_000)


def test_limits_are_kept_when_they_are_met() -> None:
    assert measured(answered(*[200] * 9) + answered(200, error="status 503")).broken == []


def test_a_limit_that_is_broken_is_named() -> None:
    slow, failed = measured(answered(201)), measured(answered(1, error="timeout"))
    assert not slow.is_kept
    assert slow.broken == ["p95 is 201.00 ms, more than 200 ms"]
    assert failed.broken == ["100.00% of the requests failed, more than 10.00%"]


def test_errors_are_counted_by_kind() -> None:
    samples = answered(1, 1, error="timeout") + answered(1, error="status 503") + answered(1)
    metrics = measured(samples)
    assert metrics.errors == {"timeout": 2, "status 503": 1}
    assert metrics.success_rate == 0.25


def test_answers_that_come_late_lower_the_rate() -> None:
    assert measured(answered(1, 1)).rate == 2
    assert measured(answered(1, 9_900)).rate == 0.2


def test_every_answer_is_in_one_stretch() -> None:
    metrics = measured(answered(1, 2, 3, 5_000))
    assert sum(part.answers for part in metrics.stretches) == 4
    assert metrics.stretches[-1].answers == 1


@pytest.mark.parametrize(("text", "value"), [("10s", 10), ("200ms", 0.2), ("1.5m", 90), (" 3s ", 3)])
def test_lengths_of_time_are_understood(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", [" ", "10", "s", "-1s", "0s", "1h", "1e3s", "nans"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        seconds(text)


@pytest.mark.parametrize(("most", "top"), [(0, 1), (0.9, 1), (1, 1), (101, 150), (37, 40), (9_999, 10_000)])
def test_an_axis_ends_at_a_round_number(most: float, top: float) -> None:
    assert chart.top(most) == pytest.approx(top)


def test_the_report_needs_no_other_file() -> None:
    page = report.page(measured(answered(1, 2) + answered(3, error="<b>timeout</b>")))
    assert "src=" not in page
    assert "href=" not in page
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "&lt;b&gt;timeout" in page
    assert "Limits broken" in page
