"""The documents, and what tests look at in them: prose, code blocks, links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    """The document's path, as people call it."""
    return page.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    """A document by its path."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """The contents of the code blocks in these languages."""
    return [code for language, code in BLOCK.findall(text) if language in languages]


def prose(text: str) -> str:
    """What is not in a code block."""
    return BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """The names of a document's headings in links: lower case, spaces as hyphens, no other punctuation."""
    headings = HEADING.findall(prose(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
