"""Builds the documents as a site into site/, with a reference of the API: what `make docs` does.

The documents link to each other as they lie in the repository, so they are gathered as they lie there. Every link
within the site must lead somewhere, or the build fails. The site loads nothing from elsewhere.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "zensical.toml"
PAGES = ROOT / "build" / "pages"
SITE = ROOT / "site"
REFERENCE = SITE / "api"
ON_GITHUB = {"LICENSE": "LICENSE.txt", ".env.example": "env.example"}
"""Files that documents link to and that are no pages: they go into the site under names that a server shows."""
API_PAGE = """# API reference

Every call with its fields and answers, made from the service's own description:
[open the reference](../api/index.html), or take [the description itself](../api/openapi.json) (OpenAPI 3.1). A running
service shows the same under `/docs`, where calls can be tried, too.
"""
SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")
REFERENCE_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<p style="margin: 1rem 2rem; font-family: sans-serif"><a href="../">Back to the documents</a></p>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  supportedSubmitMethods: [], docExpansion: "list", defaultModelsExpandDepth: 0 });
</script>
</body>
</html>
"""


def main() -> None:
    """Build it, and end with 1 when a link leads nowhere."""
    gather()
    shutil.rmtree(SITE, ignore_errors=True)
    zensical = Path(sys.executable).with_name("zensical")
    subprocess.run([zensical, "build", "--clean", "--strict", "-f", CONFIGURATION], cwd=ROOT, check=True)
    add_reference()
    strays = sorted(stray_links())
    for stray in strays:
        print(stray, file=sys.stderr)
    if strays:
        sys.exit(f"{len(strays)} links lead nowhere")
    print(f"The site is in {SITE.relative_to(ROOT)}/")


def gather() -> None:
    """All documents, and what they show and link to, as they lie in the repository."""
    shutil.rmtree(PAGES, ignore_errors=True)
    listed = named(tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]["nav"])
    there = [path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]]
    for name in {*listed, *there}:
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        if name == "docs/api.md":
            (PAGES / name).write_text(API_PAGE, encoding="utf-8")
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        # Badges are about the repository.
        text = re.sub(r"^\[!\[.*\n", "", text, flags=re.MULTILINE)
        for file, shown in ON_GITHUB.items():
            text = text.replace(f"]({file})", f"]({shown})")
        (PAGES / name).write_text(text, encoding="utf-8")
    for file, shown in ON_GITHUB.items():
        shutil.copy(ROOT / file, PAGES / shown)
    shutil.copytree(ROOT / "docs" / "images", PAGES / "docs" / "images")
    shutil.copy(ROOT / "docs" / "site.css", PAGES / "docs")


def named(nav: object) -> list[str]:
    """The pages in a part of the navigation."""
    match nav:
        case str():
            return [nav]
        case dict():
            return [name for part in nav.values() for name in named(part)]
        case list():
            return [name for part in nav for name in named(part)]
        case _:
            return []


def add_reference() -> None:
    """The page of the API, with the description that the code gives of itself."""
    REFERENCE.mkdir()
    for name in SWAGGER:
        shutil.copy(Path(str(files("swagger_ui"))) / "static" / name, REFERENCE)
    (REFERENCE / "index.html").write_text(REFERENCE_PAGE, encoding="utf-8")
    described = REFERENCE / "openapi.json"
    subprocess.run([sys.executable, ROOT / "frontend" / "openapi.py", described], cwd=ROOT, check=True)


class Page(HTMLParser):
    """What a page links to, and the names in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Called by the parser for each element."""
        for name, value in attrs:
            if name in {"href", "src"} and value:
                self.links.append(value)
            elif name in {"id", "name"} and value:
                self.names.add(value)


def stray_links() -> set[str]:
    """Links within the site that lead nowhere, and whatever would be loaded from elsewhere."""
    pages = {path: Page(path) for path in SITE.rglob("*.html") if path.name != "404.html"}
    strays = set()
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            if not target.is_file() or (parts.fragment and known and unquote(parts.fragment) not in known.names):
                strays.add(f"{path.relative_to(SITE)}: {link}")
    return strays


if __name__ == "__main__":
    main()
