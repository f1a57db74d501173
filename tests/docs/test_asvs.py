"""The document on OWASP's ASVS: complete, counted rightly, and what it names is there."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from documents import ROOT, read

from holdfast.accounts.common_passwords import WORDS

# The level of each requirement of ASVS 5.0.0, section by section, in order.
LEVELS = {
    1: ("22", "1111122223", "112222222223", "222", "123"),
    2: ("122", "112", "12223", "23"),
    3: ("3", "113", "12223", "11222233", "11122333", "3", "22333"),
    4: ("12233", "23333", "22", "1222"),
    5: ("2", "112333", "113", "222"),
    6: ("122", "111111112222", "11223333", "112233", "22222333", "2223", "33", "2222"),
    7: ("222", "1111", "22", "11222", "223", "22"),
    8: ("1233", "1123", "133", "23"),
    9: ("111", "1222"),
    10: ("22", "223", "22223", "1111122222233333", "22222", "22", "222"),
    11: ("2233", "22233", "11233", "1222", "23", "23", "33"),
    12: ("12233", "11", "22223"),
    13: ("2333", "222223", "2233", "1222233"),
    14: ("22", "12223333", "122"),
    15: ("12233", "12233", "1222222", "3333"),
    16: ("2", "22222", "2222", "222", "2223"),
    17: ("23", "22223333", "22"),
}
REQUIREMENTS = [
    f"{chapter}.{section}.{number}"
    for chapter, sections in LEVELS.items()
    for section, levels in enumerate(sections, 1)
    for number, level in enumerate(levels, 1)
    if level != "3"
]
PAGE = "docs/asvs.md"
ANSWERS = ("met", "operator", "not applicable", "not met")
NAMED = re.compile(r"\d+\.\d+\.\d+(?:–\d+\.\d+\.\d+)?|\d+\.\*")


def expanded(named: str) -> Iterator[str]:
    """The requirements that a row's first words name: one, a list, a range, or a chapter."""
    for each in NAMED.findall(re.split(r" [^\d]", named, maxsplit=1)[0]):
        first, _, last = each.partition("–")
        if first.endswith("*"):
            yield from (name for name in REQUIREMENTS if name.startswith(first[:-1]))
        elif last:
            section = first.rpartition(".")[0]
            yield from (f"{section}.{n}" for n in range(int(first.split(".")[2]), int(last.split(".")[2]) + 1))
        else:
            yield first


def rows(text: str) -> list[tuple[list[str], str, str]]:
    """Each row's requirements, answer and what shows it."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d", line)]
    return [(list(expanded(row[0])), row[1], " ".join(row[2:])) for row in found]


ROWS = rows(read(PAGE).partition("\n## 1 ")[2])


def answer_of(text: str) -> str:
    """The longest of the answers that a cell begins with."""
    return max((each for each in ANSWERS if text.startswith(each)), key=len)


def counts() -> Counter[str]:
    """How many requirements have each answer."""
    return Counter(answer_of(answer) for names, answer, _ in ROWS for _ in names)


def test_the_standard_has_as_many_requirements_as_it_says() -> None:
    levels = Counter(level for sections in LEVELS.values() for section in sections for level in section)
    assert levels == {"1": 70, "2": 183, "3": 92}


def test_every_requirement_of_levels_1_and_2_has_one_row() -> None:
    assert sorted(name for names, _, _ in ROWS for name in names) == sorted(REQUIREMENTS)


def test_the_answers_are_counted_rightly() -> None:
    told = dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|", read(PAGE), re.MULTILINE))
    assert {name: int(count) for name, count in told.items()} == counts()
    said = re.findall(r"(\d+) (not met|met|operator|not applicable)\b", read("docs/security.md"))
    assert {name: int(count) for count, name in said} == counts()


def test_what_is_not_met_is_listed() -> None:
    listed = [name for names, _, _ in rows(read(PAGE).partition("\n## 1 ")[0]) for name in names]
    assert set(listed) == {name for names, answer, _ in ROWS for name in names if answer_of(answer) == "not met"}


def test_what_is_met_is_shown_and_what_is_the_operators_is_told_them() -> None:
    for names, answer, shown in ROWS:
        if answer_of(answer) == "met":
            assert re.search(r"`[\w./-]+\.\w+`|\]\(|the same", shown), names
        elif answer_of(answer) == "operator":
            assert "](" in shown, names


@pytest.mark.parametrize("page", [PAGE, "docs/security.md"])
def test_every_file_that_is_named_is_there_and_a_test_has_tests(page: str) -> None:
    for path in re.findall(r"`((?:tests|src|frontend|deploy)/[\w./-]+|\.dockerignore)`", read(page)):
        assert (ROOT / path).is_file(), path
        assert not path.startswith("tests/") or "def test_" in (ROOT / path).read_text(encoding="utf-8"), path


def test_words_that_are_no_passwords_are_all_listed() -> None:
    said = read("docs/accounts.md")
    listed = re.split(r",|;", " ".join(said[said.index("these words, with any") :].split(".\n")[0].split()))
    assert {each.rpartition(":")[2].strip() for each in listed} >= WORDS
