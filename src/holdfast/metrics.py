"""What is counted, and how the counts of all workers are summed.

With the environment variable `PROMETHEUS_MULTIPROC_DIR`, which the supervisor sets for its workers, each process counts
in files of that directory, so any worker can answer for all.
"""

import os
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUESTS = Counter("holdfast_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "holdfast_http_request_seconds",
    "From a request's head to the end of its answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BATCH_CLAIMS = Histogram(
    "holdfast_batch_claims", "Claims that were settled in one transaction", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)

# Finding a child takes longer than counting in it.
requests = cache(REQUESTS.labels)
seconds = cache(SECONDS.labels)


def exposition() -> bytes:
    """Everything counted, by all workers, in the text format of Prometheus."""
    if MULTIPROCESS not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
