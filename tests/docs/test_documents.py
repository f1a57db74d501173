"""The documents: their links lead somewhere, their lists are complete, and what they name is there."""

import json
import re
from pathlib import Path

import pytest
import tables
from documents import LINK, PAGES, ROOT, anchors, blocks, name_of, prose, read

from holdfast import errors
from holdfast.errors import HoldfastError
from holdfast.http.errors import STATUS
from holdfast.http.languages import CATALOGUES
from holdfast.settings import HINTS, load

PROSE_CHARACTERS_MAX = 120
PACKAGE = ROOT / "src" / "holdfast"
CONTRACTS = (
    "docs/accounts.md",
    "docs/events.md",
    "docs/reservations.md",
    "docs/rooms.md",
    "docs/tables.md",
    "docs/webhooks.md",
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if target.startswith(("https://", "../../actions/")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_source_file_that_a_document_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`([\w./-]+\.(?:py|toml|lock|example))`", text):
        assert any((base / path).is_file() for base in (ROOT, PACKAGE)) or list(PACKAGE.rglob(path)), path


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_prose_is_not_wider_than_a_page(page: Path) -> None:
    lines = prose(page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if len(line) > PROSE_CHARACTERS_MAX and not line.startswith("|")] == []


def test_every_document_is_linked_from_the_readme() -> None:
    assert {name_of(page) for page in PAGES} - {"README.md"} <= set(LINK.findall(read("README.md")))


@pytest.mark.parametrize("page", tables.TABLES)
def test_a_table_that_is_written_by_the_code_is_up_to_date(page: str) -> None:
    assert tables.written(page) == tables.TABLES[page](), "run tests/docs/tables.py"


def test_every_setting_is_in_its_table_once() -> None:
    assert re.findall(r"^\| `([A-Z_]+)` \|", read("docs/settings.md"), re.MULTILINE) == [each.upper() for each in HINTS]


def test_the_example_of_an_env_file_shows_defaults() -> None:
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))
    assert load(given, env_file=None) == load({}, env_file=None)


def test_the_example_of_an_env_file_names_only_settings() -> None:
    names = re.findall(r"^(?:# )?([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert set(names) <= {each.upper() for each in HINTS}


@pytest.mark.parametrize("shown", re.findall(r"^holdfast: (.+)$", read("docs/settings.md"), re.MULTILINE))
def test_an_example_of_a_wrong_setting_is_what_is_printed(shown: str) -> None:
    name, value = re.findall(r"^([A-Z_]+)=(\S+)", shown)[0]
    with pytest.raises(Exception, match=re.escape(shown)):
        load({name: {"***": "nothing"}.get(value, value)}, env_file=None)


def test_what_each_dependency_is_for_is_said_of_exactly_those_there_are() -> None:
    said = read("docs/dependencies.md").partition(tables.BEGIN)[0]
    assert sorted(re.findall(r"^\| ([a-z][\w-]+) \| (?!what for)", said, re.MULTILINE)) == sorted(tables.dependencies())


def all_errors() -> list[type[HoldfastError]]:
    """Every error that has a code."""
    return [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "code")]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.code)
def test_every_error_is_in_the_contract_with_its_status(error: type[HoldfastError]) -> None:
    assert any(f"\n| `{error.code}` | {STATUS[error.kind]} | " in read(page) for page in CONTRACTS)


def error_examples() -> list[dict[str, object]]:
    """The example answers of each contract's last block."""
    lines = [line for page in CONTRACTS for line in blocks(read(page), "json")[-1].splitlines()]
    return [json.loads(line)["error"] for line in lines]


def test_every_error_has_an_example() -> None:
    assert {example["code"] for example in error_examples()} == {each.code for each in all_errors()}


@pytest.mark.parametrize("example", error_examples(), ids=lambda example: example["code"])
def test_an_example_of_an_error_says_what_the_catalogue_says(example: dict[str, str]) -> None:
    english = CATALOGUES["en"]
    assert example["message"] in {english["errors"][example["code"]], *english["rules"].values()}
