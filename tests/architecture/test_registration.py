"""Places of one kind are one folder's: all else asks the kinds that are registered, see `holdfast/kinds.py`."""

import ast
import re
from pathlib import Path

import holdfast

ROOT = Path(holdfast.__file__).parent
NAMES = re.compile(
    r"""holdfast\.tables\b|\btable_id\b|['"]table['"]|\btable:|['"]table\.|TableNotFound|(Kind|Type)\.TABLE"""
)
ALSO = {
    # Where the kind is registered, and its calls.
    "kinds.py",
    "app.py",
    # What all errors have: a class.
    "errors.py",
    # What `holdfast check` looks for, SQL tables among it, and the list of all types of messages.
    "upkeep/catalog.py",
    "upkeep/of_places.py",
    "upkeep/of_rooms.py",
    "upkeep/sequences.py",
    "upkeep/unreadable.py",
    "webhooks/bodies.py",
}
"""Who else may name tables as places. It only ever gets shorter."""


def code(path: Path) -> str:
    """A module without its comments and docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def test_tables_are_named_in_their_folder_and_where_they_are_registered() -> None:
    modules = {path.relative_to(ROOT).as_posix(): path for path in ROOT.rglob("*.py")}
    naming = {name for name, path in modules.items() if NAMES.search(code(path))}
    elsewhere = {name for name in naming if not name.startswith(("tables/", "database/migrations/"))}
    assert elsewhere == ALSO
