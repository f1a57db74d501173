"""Reads Compose files as `docker compose` would: variables filled in, one file laid over the other."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")
RESET, OVERRIDE = "!reset", "!override"


class Missing(Exception):
    """A variable that must be set is not. Its text is what `docker compose` would say."""


class Instead(list[Any]):
    """A list that replaces the one below it, where lists are otherwise joined."""


class Loader(yaml.SafeLoader):
    """Knows the two tags that Compose has of its own."""


def _instead(loader: yaml.SafeLoader, node: yaml.Node) -> Instead:
    assert isinstance(node, yaml.SequenceNode)
    return Instead(loader.construct_sequence(node, deep=True))


for tag in (RESET, OVERRIDE):
    Loader.add_constructor(tag, _instead)


def load(paths: list[Path], environment: Mapping[str, str]) -> dict[str, Any]:
    """The files, each over those before it, with variables of this environment. Raises `Missing`."""
    project: dict[str, Any] = {}
    for path in paths:
        read = yaml.load(path.read_text(), Loader)
        project = merged(project, filled_tree(read, environment))
    return project


def filled_tree(node: Any, environment: Mapping[str, str]) -> Any:
    """What was read, with variables filled in wherever there is text. Raises `Missing`."""
    match node:
        case str():
            return filled(node, environment)
        case dict():
            return {key: filled_tree(value, environment) for key, value in node.items()}
        case list():
            return type(node)(filled_tree(value, environment) for value in node)
        case _:
            return node


def filled(text: str, environment: Mapping[str, str]) -> str:
    """The text with `${NAME:-default}` and `${NAME:?why}` replaced; `$$` is a dollar. Raises `Missing`."""

    def value(found: re.Match[str]) -> str:
        dollar, name, kind, rest = found.groups()
        if dollar:
            return "$"
        given = environment.get(name, "")
        if kind == "?" and not given:
            raise Missing(f"required variable {name} is missing a value: {rest}")
        return given or (rest or "")

    return VARIABLE.sub(value, text)


def merged(below: Any, above: Any) -> Any:
    """One file laid over another: mappings key by key, lists joined, but for commands and those that say otherwise."""
    if isinstance(below, dict) and isinstance(above, dict):
        both = {key: below[key] for key in below if key not in above}
        for key, value in above.items():
            replaces = key in {"command", "entrypoint", "test"} or key not in below
            both[key] = value if replaces else merged(below[key], value)
        return both
    if isinstance(below, list) and isinstance(above, list) and not isinstance(above, Instead):
        return [*below, *above]
    return above
