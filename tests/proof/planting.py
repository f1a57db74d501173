"""How a mistake is described and planted: what becomes of a named line, or of a named function, of the engine.

A line is named by the end of its comment, such as `# Each sees the grants before it. [own grants]`, and is found by
that name in whatever module it stands; a comment above a statement names the statement. A function is named by its
name.
"""

import ast
import importlib.util
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import holdfast.engine

ENGINE = Path(holdfast.engine.__file__).parent
Change = Callable[[str], str]


class Planted(NamedTuple):
    """What becomes of the source of a line or a function."""

    name: str
    change: Change


class Piece(NamedTuple):
    """Where something stands: a module, and its first and last line, counted from 1."""

    module: str
    first: int
    last: int


def line(name: str, change: Change) -> Planted:
    """Change the statement that a comment gives this name."""
    return Planted(f"[{name}]", change)


def function(name: str, change: Change) -> Planted:
    """Change a function, such as `obstacle`, `Batch.note` or, where another has the same name, `keys.rows`."""
    return Planted(name, change)


def left_out(_: str) -> str:
    """Do nothing instead."""
    return "pass"


def never(source: str) -> str:
    """Have an `if` not hold."""
    return re.sub(r"^((?:el)?if) .*?:(\s*#.*)?$", r"\1 False:", source, count=1, flags=re.MULTILINE)


def instead(new: str) -> Change:
    """Do something else."""
    return lambda _: new


def but(old: str, new: str) -> Change:
    """Have it with a small difference."""

    def change(source: str) -> str:
        assert source.count(old) == 1, f"{old!r} is not there exactly once: {source}"
        return source.replace(old, new)

    return change


def find(planted: Planted) -> Piece:
    """Where a named piece of the engine stands. There is exactly one."""
    found = [piece for path in sorted(ENGINE.glob("*.py")) for piece in _pieces(path, planted.name)]
    assert len(found) == 1, f"{planted.name} names {len(found)} pieces of the engine"
    return found[0]


def plant(errors: tuple[Planted, ...]) -> None:
    """Load the engine with mistakes in it. Nothing of the modules that have them may have been loaded before."""
    sources: dict[str, str] = {}
    # From the last line to the first, so that none moves before it is changed.
    for planted in sorted(errors, key=lambda each: find(each)[1], reverse=True):
        module, first, last = find(planted)
        name = f"holdfast.engine.{module}"
        assert name not in sys.modules, f"{name} has been loaded already"
        lines = sources.get(name, (ENGINE / f"{module}.py").read_text(encoding="utf-8")).splitlines()
        old = "\n".join(lines[first - 1 : last])
        new = planted.change(textwrap.dedent(old))
        assert new != textwrap.dedent(old), f"nothing becomes of {planted.name}"
        indent = re.match(" *", old)
        lines[first - 1 : last] = textwrap.indent(new, indent[0] if indent else "").splitlines()
        sources[name] = "\n".join(lines) + "\n"
    sys.meta_path.insert(0, _Finder(sources))


class _Finder:
    """Finds the modules that have been changed."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """What Python asks of those who find modules."""
        if name not in self._sources:
            return None
        origin = str(ENGINE / f"{name.rpartition('.')[2]}.py")
        return importlib.util.spec_from_file_location(name, origin, loader=_Loader(self._sources[name], origin))


class _Loader:
    """Loads one of them."""

    def __init__(self, source: str, origin: str) -> None:
        self._source = source
        self._origin = origin

    def create_module(self, spec: object) -> None:
        """Python's own will do."""

    def exec_module(self, module: object) -> None:
        """Run its source."""
        exec(compile(self._source, self._origin, "exec"), module.__dict__)


def _pieces(path: Path, name: str) -> Iterator[Piece]:
    source = path.read_text(encoding="utf-8")
    if not name.startswith("["):
        if name.rpartition(".")[2] in source:
            yield from _functions(path.stem, ast.parse(source), name)
        return
    for number, text in enumerate(source.splitlines(), 1):
        if text.endswith(name) and "#" in text:
            yield _statement(path.stem, ast.parse(source), number, is_alone=text.lstrip().startswith("#"))


def _functions(module: str, tree: ast.Module, name: str) -> Iterator[Piece]:
    owner, _, short = name.rpartition(".")
    for node in ast.walk(tree):
        is_module = isinstance(node, ast.Module) and owner in {"", module}
        is_owner = is_module or (isinstance(node, ast.ClassDef) and node.name == owner)
        for each in getattr(node, "body", ()) if is_owner else ():
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == short:
                yield Piece(module, each.lineno, each.end_lineno or each.lineno)


def _statement(module: str, tree: ast.Module, number: int, *, is_alone: bool) -> Piece:
    """The statement of a line, or the first one after it if it is a comment alone: the outermost that begins there."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if is_alone:
        first = min(node.lineno for node in statements if node.lineno > number)
    else:
        first = max(node.lineno for node in statements if node.lineno <= number)
    last = max(node.end_lineno or first for node in statements if node.lineno == first)
    return Piece(module, first, last)
