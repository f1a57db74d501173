"""What every answer carries, and what pages of other origins may do."""

import httpx
import pytest

from answers import reserve
from rooms import body, some_room
from service import Service
from tokens import bearer

DESK, STRANGER = "https://desk.example", "https://stranger.example"
PATHS = ["/reservations", "/reservations/x", "/places", "/health", "/_info", "/metrics", "/openapi.json", "/docs"]


@pytest.mark.parametrize("path", [*PATHS, "/nowhere", "/reservations/%ff", "/reservations?limit=x", "/docs/assets/x"])
async def test_every_answer_is_hard_to_misuse(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)


@pytest.mark.parametrize("path", [*PATHS, "/app/", "/nowhere", "/docs/assets/swagger-ui.css", "/docs/assets/LICENSE"])
async def test_text_says_how_it_is_written(http: httpx.AsyncClient, path: str) -> None:
    kind = (await http.get(path)).headers["content-type"]
    assert kind == "application/json" or not kind.startswith("text/") or "charset=utf-8" in kind


@pytest.mark.parametrize("path", PATHS[:6])
async def test_what_changes_is_not_kept_by_caches(http: httpx.AsyncClient, path: str) -> None:
    # What has an ETag may be kept, to be asked for again each time.
    kept = "no-cache" if "etag" in (headers := (await http.get(path)).headers) else "no-store"
    assert headers["cache-control"] == kept


async def test_no_answer_names_the_software(http: httpx.AsyncClient) -> None:
    assert "server" not in (await http.get("/health")).headers


@pytest.mark.parametrize("given", ["a", "abc-123", "A.b_c~9", "x" * 128])
async def test_the_callers_name_for_a_request_is_repeated(http: httpx.AsyncClient, given: str) -> None:
    answer = await http.get("/health", headers={"X-Request-ID": given})
    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("path", ["/nowhere", "/reservations?limit=x", "/reservations/%ff"])
async def test_errors_repeat_it_too(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers={"X-Request-ID": "abc-123"})
    assert answer.headers["x-request-id"] == "abc-123"


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b"<b>", b"a\tb", "имя".encode(), b'"', b"a;b"])
async def test_a_name_that_is_not_safe_to_log_is_replaced(http: httpx.AsyncClient, given: bytes) -> None:
    answer = await http.get("/health", headers=[(b"X-Request-ID", given)])
    (named,) = answer.headers.get_list("x-request-id")
    assert named.encode() != given
    assert named.replace("-", "").isalnum()


async def test_requests_without_a_name_get_different_ones(http: httpx.AsyncClient) -> None:
    assert len({(await http.get("/health")).headers["x-request-id"] for _ in range(5)}) == 5


@pytest.mark.parametrize("path", PATHS)
async def test_a_head_is_answered_like_a_get_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    asked, got = await http.head(path), await http.get(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]


async def test_a_connection_is_used_again(service: Service) -> None:
    async with httpx.AsyncClient(
        base_url=service.url, limits=httpx.Limits(max_connections=1), verify=False, timeout=30
    ) as http:
        ports = set()
        for _ in range(5):
            async with http.stream("GET", "/reservations/some-room") as answer:
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                await answer.aread()
    assert len(ports) == 1


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, hold-secret, idempotency-key",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_a_page_of_a_named_origin_may_call(guarded: httpx.AsyncClient, method: str) -> None:
    answer = await guarded.options("/reservations", headers=preflight(DESK, method))
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == DESK
    assert method in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "hold-secret", "idempotency-key"))


async def test_a_page_of_another_origin_may_not_call(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.options("/reservations", headers=preflight(STRANGER))
    assert answer.headers.get("access-control-allow-origin") not in (STRANGER, "*")


async def test_a_page_of_a_named_origin_reads_the_answer(guarded: httpx.AsyncClient) -> None:
    content, headers = body(some_room(), 10, 11), bearer() | {"Origin": DESK}
    answer = await guarded.post("/reservations", json=content, headers=headers)
    assert answer.headers["access-control-allow-origin"] == DESK
    assert "location" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize(("path", "status"), [("/reservations", 401), ("/nowhere", 404), ("/reservations/%ff", 400)])
async def test_a_page_of_a_named_origin_reads_refusals(guarded: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await guarded.get(path, headers={"Origin": DESK})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == DESK


async def test_a_page_of_a_named_origin_reads_that_its_body_is_too_large(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.post("/reservations", content=b"x" * 70_000, headers={"Origin": DESK})
    assert answer.status_code == 413
    assert answer.headers["access-control-allow-origin"] == DESK


async def test_a_page_of_another_origin_reads_no_refusal(guarded: httpx.AsyncClient) -> None:
    for path in ("/reservations", "/reservations/%ff"):
        answer = await guarded.get(path, headers={"Origin": STRANGER})
        assert answer.headers.get("access-control-allow-origin") not in (STRANGER, "*")


async def test_no_other_origin_may_call_unless_told(http: httpx.AsyncClient) -> None:
    await reserve(http, some_room(), 10, 11)
    asked = await http.options("/reservations", headers=preflight(DESK))
    got = await http.get("/reservations", headers={"Origin": DESK})
    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-origin" not in got.headers
