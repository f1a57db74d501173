"""The parts of the documents that the code and the packages know. Run this to write those parts anew."""

import re
import tomllib
from functools import partial
from importlib.metadata import metadata

import msgspec
from documents import ROOT, read
from numbers_measured import numbers_table

from holdfast import settings
from holdfast.settings import Settings

BEGIN, END = "<!-- written by tests/docs/tables.py: begin -->\n\n", "\n<!-- written by tests/docs/tables.py: end -->\n"


def settings_table() -> str:
    """Every setting, in the order of the code."""
    rows = ["| setting | default | allowed | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        name = field.name
        allowed = settings.allowed(name) + ("; secret" if settings.is_secret(name) else "")
        rows.append(f"| `{name.upper()}` | {shown(field.default)} | {allowed} | {settings.meaning(name)} |")
    return "\n".join(rows) + "\n"


def shown(default: object) -> str:
    """A default as it would be written in `.env`."""
    if default is None or default == "":
        return "not set"
    match default:
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`"


def dependencies() -> list[str]:
    """What `pyproject.toml` asks for, by name: for running, for building, for developing."""
    project = tomllib.loads(read("pyproject.toml"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    return [re.split(r"[\[<>=~! ]", each, maxsplit=1)[0] for each in wanted]


def dependencies_table() -> str:
    """What the packages say of themselves."""
    rows = ["| package | version | licence | status | Python |", "|---|---|---|---|---|"]
    for name in dependencies():
        facts = metadata(name)
        status = [part for part in facts.get_all("Classifier", []) if part.startswith("Development Status")]
        stage = status[0].rpartition(" - ")[2] if status else "not said"
        rows.append(
            f"| {name} | {facts['Version']} | {licence(name)} | {stage} | {facts['Requires-Python'] or 'not said'} |"
        )
    return "\n".join(rows) + "\n"


def licence(name: str) -> str:
    """A package's licence, from whichever of three places it is in."""
    facts = metadata(name)
    named = facts.get("License-Expression") or facts.get("License")
    if named:
        return named
    return next(part for part in facts.get_all("Classifier", []) if part.startswith("License")).rpartition(" :: ")[2]


TABLES = {
    "docs/settings.md": settings_table,
    "docs/dependencies.md": dependencies_table,
    "README.md": partial(numbers_table, "en"),
    "README.ru.md": partial(numbers_table, "ru"),
}


def written(page: str) -> str:
    """The table as it stands in the document."""
    return read(page).partition(BEGIN)[2].partition(END)[0]


def write(page: str) -> None:
    """Put the table into the document."""
    before, _, rest = read(page).partition(BEGIN)
    after = rest.partition(END)[2]
    (ROOT / page).write_text(f"{before}{BEGIN}{TABLES[page]()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    for page in TABLES:
        write(page)
