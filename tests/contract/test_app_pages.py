"""How the web app is sent: kept or asked again, packed, under a strict policy; and what there is without a build."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from holdfast.app import create
from holdfast.settings import Settings
from holdfast.web import pages

SCRIPT = "console.log('hello');"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small app that was built."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><p>app")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "main-abc.js").write_text(SCRIPT)
    (tmp_path / "assets" / "main-abc.js.gz").write_bytes(b"packed")
    (tmp_path / "assets" / "main-abc.js.br").write_bytes(b"smaller")
    (tmp_path / ".sources").write_text("digest")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    pages._read.cache_clear()
    yield tmp_path
    pages._read.cache_clear()


@pytest.fixture
def app() -> httpx.AsyncClient:
    """A client of an application in this process; no page needs its database."""
    transport = httpx.ASGITransport(create(Settings(), "postgresql://nowhere/nothing"))
    return httpx.AsyncClient(
        transport=transport, base_url="http://holdfast", headers={"Accept-Encoding": "identity"}, timeout=30
    )


@pytest.mark.usefixtures("built")
async def test_the_root_leads_to_the_app(app: httpx.AsyncClient) -> None:
    answer = await app.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/app/")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/app", "/app/", "/app/index.html", "/app/rooms/some-id", "/app/admin/users"])
async def test_every_page_is_the_one_page_and_asked_for_again(app: httpx.AsyncClient, path: str) -> None:
    answer = await app.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>app")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.usefixtures("built")
async def test_a_named_part_is_kept_for_ever(app: httpx.AsyncClient) -> None:
    answer = await app.get("/app/assets/main-abc.js")
    assert (answer.text, answer.headers["cache-control"]) == (SCRIPT, "public, max-age=31536000, immutable")
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("gzip;q=0.5", "gzip"), ("gzip;q=0, br;q=0.0", None), ("deflate", None)],
)
async def test_a_part_is_sent_packed_to_who_takes_it(
    app: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    async with app.stream("GET", "/app/assets/main-abc.js", headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path", ["/app/assets/main-old.js", "/app/assets/../index.html/x", "/app/assets/main-abc.js.br"]
)
async def test_a_part_of_an_older_build_is_not_there(app: httpx.AsyncClient, path: str) -> None:
    answer = await app.get(path)
    assert answer.text != SCRIPT
    assert answer.status_code == 404 or "<p>app" in answer.text


@pytest.mark.usefixtures("built")
async def test_only_scripts_of_its_own_may_run(app: httpx.AsyncClient) -> None:
    policy = (await app.get("/app/")).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["script-src"], rules["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert (rules["object-src"], rules["base-uri"]) == ("'none'", "'none'")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/app/", "/app/assets/main-abc.js", "/app/icon.svg"])
async def test_text_says_how_it_is_written(app: httpx.AsyncClient, path: str) -> None:
    assert (await app.get(path)).headers["content-type"].endswith("; charset=utf-8")


@pytest.mark.usefixtures("built")
async def test_the_build_s_own_notes_are_not_sent(app: httpx.AsyncClient) -> None:
    assert "digest" not in (await app.get("/app/.sources")).text


@pytest.mark.parametrize(("language", "words"), [("en", "has not been built"), ("ru", "не собрано")])
async def test_without_a_build_the_page_says_how_to_make_one(
    app: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path / "nothing")
    answer = await app.get("/app/", headers={"Accept-Language": language})
    assert answer.status_code == 503
    assert words in answer.text
    assert "make run" in answer.text
    assert (await app.get("/_info")).status_code == 200
