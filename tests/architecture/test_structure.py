"""The rules of the code's structure that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast

ROOT = Path(holdfast.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MIGRATIONS = ROOT / "database" / "migrations"
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
SQL_BELONGS_IN = (
    "engine/statements.py",
    "engine/looks.py",
    "engine/writing.py",
    "database/migrate.py",
    "database/readable.py",
    "upkeep/health.py",
    "upkeep/invariants.py",
    "upkeep/unreadable.py",
    "upkeep/of_places.py",
    "upkeep/of_rooms.py",
    "upkeep/of_events.py",
    "upkeep/of_messages.py",
    "upkeep/of_accounts.py",
    "upkeep/of_structure.py",
    "upkeep/catalog.py",
    "upkeep/sequences.py",
    "upkeep/sessions.py",
    "upkeep/doctor.py",
    "database/connections.py",
    "engine/probe.py",
)
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.DOTALL)
BUILDERS = {"select", "insert", "update", "delete"}
BANNED_NAMES = {"utils", "helpers", "common", "manager", "misc"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring; what a function defines inside counts for itself."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    inner = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = sum((node.end_lineno or 0) - node.lineno + 1 for node in body)
    return lines - sum((node.end_lineno or 0) - node.lineno + 1 for node in inner)


def test_the_import_rules_are_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_import_rules_name_every_module() -> None:
    with (ROOT.parents[1] / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    named = set(re.findall(r"holdfast\.(\w+)", " ".join(contracts[0]["layers"])))
    there = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES} - {"__init__"}
    assert named == there


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES_MAX


@pytest.mark.parametrize("path", [path for path in MODULES if MIGRATIONS not in path.parents], ids=relative)
def test_a_function_fits_half_a_screen(path: Path) -> None:
    long = {function.name: body_lines(function) for function in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES_MAX} == {}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_sql_is_only_in_queries_and_in_the_engine() -> None:
    allowed = {path for path in MODULES if path.name in ("queries.py", "lists.py") or MIGRATIONS in path.parents}
    allowed |= {ROOT / name for name in SQL_BELONGS_IN}
    strays = []
    for path in set(MODULES) - allowed:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            if text and SQL.search(node.value):
                strays.append(f"{relative(path)}:{node.lineno} {node.value[:40]!r}")
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                strays.extend(f"{relative(path)} imports {name.name}" for name in node.names if name.name in BUILDERS)
    assert strays == []


@pytest.mark.parametrize(
    ("copied", "belongs_in"),
    [
        # What takes a place. Only `holdfast check` looks at rows as they are.
        (r"cancelled_at\s+IS\s+NULL|cancelled_at\.is_\(None\)", ("engine/", "upkeep/")),
        # What is active: by the schema's words, but for the function, which is never changed, and the sweeper's list.
        (r"\bexpires_at\s*(>|<|IS NULL\s+OR)", ("engine/schema.py", "engine/writing.py", "engine/looks.py")),
        # The nearest before a moment: the schema's, and the engine's looks.
        (r"start_time\s+DESC|start_time\.desc\(", ("engine/schema.py", "engine/looks.py")),
    ],
    ids=["what takes a place", "what is active", "what is nearest"],
)
def test_what_decides_who_has_a_place_is_written_once(copied: str, belongs_in: tuple[str, ...]) -> None:
    """A copy would go its own way one day, and show as free what is taken."""
    sql = [path for path in MODULES if MIGRATIONS not in path.parents and _has_reservations(path)]
    strays = [
        f"{relative(path)}:{number}"
        for path in sql
        if not relative(path).startswith(belongs_in)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(copied, line, re.IGNORECASE)
    ]
    assert strays == []


def _has_reservations(path: Path) -> bool:
    """Whether a module asks for reservations in SQL: other tables have columns of the same names."""
    return re.search(r"\breservations\b", path.read_text(encoding="utf-8")) is not None


def test_services_and_the_engine_know_no_http_status() -> None:
    inner = [path for path in MODULES if path.name == "service.py" or path.is_relative_to(ROOT / "engine")]
    strays = []
    for path in inner:
        nodes = [
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
        ]
        strays += [
            f"{relative(path)}:{node.lineno}"
            for node in nodes
            if isinstance(node.value, int) and 400 <= node.value <= 599
        ]
    assert strays == []


def test_no_module_is_named_after_nothing() -> None:
    assert [relative(path) for path in MODULES if path.stem in BANNED_NAMES] == []


def test_people_are_told_things_only_from_the_catalogues() -> None:
    """Russian letters are a sure sign of a text for people."""
    cyrillic = re.compile("[а-яё]", re.IGNORECASE)
    assert [relative(path) for path in MODULES if cyrillic.search(path.read_text(encoding="utf-8"))] == []


def test_the_schema_keeps_no_overlaps_out() -> None:
    """The invariant is the application's: no exclusion constraint, no unique index, no trigger may do its work."""
    migrations = "\n".join(path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("*.py"))
    # An e-mail address has one account.
    migrations = migrations.replace('sa.UniqueConstraint("email"', "")
    # A person has one seat at an event: the last line of defence, which the events contract asks for.
    migrations = migrations.replace('sa.UniqueConstraint("event_id", "user_id"', "")
    assert re.search(r"(?i)exclude|exclusion|trigger|unique=True|UniqueConstraint", migrations) is None


def test_the_web_app_writes_no_html_runs_no_text_and_takes_no_messages_of_others() -> None:
    sources = [path for kind in ("ts", "tsx") for path in (ROOT.parents[1] / "frontend" / "src").rglob(f"*.{kind}")]
    unsafe = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|[\"']message[\"']"
    )
    assert len(sources) > 50
    assert [path.name for path in sources if unsafe.search(path.read_text(encoding="utf-8"))] == []


CALLS = {"AsyncClient", "Client", "get", "post", "put", "patch", "delete", "request", "stream"}


def test_no_test_waits_five_seconds_for_an_answer_because_nobody_said_how_long() -> None:
    """What httpx waits by itself is too short for a machine that many tests share."""
    strays = []
    for path in (ROOT.parents[1] / "tests").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            of_httpx = isinstance(call.func.value, ast.Name) and call.func.value.id == "httpx"
            if of_httpx and call.func.attr in CALLS and not {"timeout", None} & {each.arg for each in call.keywords}:
                strays.append(f"{path.name}:{call.lineno}")
    assert strays == []


OLD_WORDS = frozenset(
    {"Answered", "Asked", "Attempts", "Companion", "Deposed", "Errand", "Heard", "Outlet", "Reader", "Waiting", "Wish"}
)
"""Names of classes that the glossary has replaced by the field's own."""


def class_names() -> list[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES if MIGRATIONS not in path.parents]
    names = [node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    return [name for name in names if not name.startswith("_")]


def test_each_word_is_one_class() -> None:
    names = class_names()
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_old_words_do_not_come_back() -> None:
    assert OLD_WORDS.isdisjoint(class_names())


def test_the_glossary_has_each_word_once() -> None:
    text = (ROOT.parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([A-Z][\w -]*?) \|", text, re.MULTILINE)
    assert len(words) > 40
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_no_two_files_of_tests_share_a_name() -> None:
    # They are collected into one namespace, so a second one of a name cannot be imported.
    names = [path.name for path in (ROOT.parents[1] / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
