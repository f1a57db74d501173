"""The web app under `/app/`: files that were built from `frontend/` and travel in the package, kept ready to be sent.

Every path that is no file answers the app's one page, which knows what to show there. Without a build the API works
all the same, and `/app/` says how to make one.
"""

import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from holdfast.errors import NotFound
from holdfast.http.languages import preferred, text
from holdfast.settings import Settings

ROOT = Path(str(files("holdfast"))) / "web" / "built"
INDEX = "index.html"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""What the build has compressed, the smallest first."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
MISSING = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p><pre>make run</pre><p>{docs} <a href="/docs">/docs</a></p></body>
</html>
"""


class File(Struct, frozen=True):
    """One file of the app, in each encoding in which it may be sent."""

    kind: str
    bodies: Mapping[str, bytes]


def handlers() -> list[HTTPRouteHandler]:
    """What answers `/` and everything under `/app/`."""
    return [root, app_file]


@get("/", include_in_schema=False)
async def root() -> Response[bytes]:
    """People who type the server's name alone want the app."""
    return Response(b"", status_code=302, headers={"location": "/app/"})


@get(["/app", "/app/{path:path}"], include_in_schema=False)
async def app_file(request: Request[Any, Any, Any], settings: Settings, path: str = "") -> Response[bytes]:
    """A file of the app, or its one page."""
    name = path.strip("/")
    found = load().get(name)
    if found is not None and name != INDEX:
        cache_control = FOREVER if name.startswith("assets/") else ASK_AGAIN
        return _response(found, request, cache_control)
    if name.startswith("assets/"):
        # A part of an earlier build: the page that asks for it is old, and must not get a page instead.
        raise NotFound
    page = load().get(INDEX)
    return _missing(request, settings) if page is None else _response(page, request, ASK_AGAIN)


def load() -> Mapping[str, File]:
    """The built app, read once; looked for again as long as there is none."""
    return _read() if (ROOT / INDEX).is_file() else {}


@cache
def _read() -> Mapping[str, File]:
    found = {}
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix not in ENCODINGS.values() and not path.name.startswith("."):
            packed = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS.items()}
            bodies = {name: each.read_bytes() for name, each in packed.items() if each.is_file()}
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            if kind.endswith("+xml"):
                # Of text the framework says so itself.
                kind += "; charset=utf-8"
            found[path.relative_to(ROOT).as_posix()] = File(kind, bodies | {"": path.read_bytes()})
    return found


def _response(file: File, request: Request[Any, Any, Any], cache_control: str) -> Response[bytes]:
    accepted = request.headers.get("accept-encoding", "")
    wanted = {part.partition(";")[0].strip() for part in accepted.split(",") if not REFUSED.search(part)}
    encoding = next((name for name in file.bodies if name in wanted), "")
    headers = {
        "cache-control": cache_control,
        "content-security-policy": POLICY,
        "vary": "Accept-Encoding",
    }
    if encoding:
        headers["content-encoding"] = encoding
    return Response(file.bodies[encoding], headers=headers, media_type=file.kind)


def _missing(request: Request[Any, Any, Any], settings: Settings) -> Response[bytes]:
    language = preferred(request.headers.get("accept-language"), settings.default_language)
    told = {name: text(language, "pages", f"missing_{name}") for name in ("title", "text", "docs")}
    return Response(MISSING.format(language=language, **told).encode(), status_code=503, media_type="text/html")
