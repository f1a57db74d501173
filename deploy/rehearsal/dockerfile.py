"""Reads the Dockerfile: its stages, and in each the instructions in order, with arguments filled in."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "RUN", "USER", "WORKDIR"}


@dataclass
class Stage:
    """One `FROM` and what follows it."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """What the last instruction of this kind says. Raises `LookupError` when there is none."""
        return [rest for kind, rest in self.steps if kind == instruction][-1]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile. Raises `ValueError` at an instruction that is not rehearsed."""
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for kind, rest in instructions(text):
        if kind == "FROM":
            base, _, name = filled(rest, arguments).partition(" AS ")
            found.append(Stage(name or base, base))
        elif kind not in KNOWN:
            raise ValueError(f"{kind} is not rehearsed")
        elif kind == "ARG":
            name, _, default = rest.partition("=")
            arguments[name] = default
        else:
            found[-1].steps.append((kind, rest))
    return found


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction and the rest of its line; lines that end in a backslash go on."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines():
        kind, _, rest = line.partition(" ")
        yield kind, rest


def filled(text: str, values: dict[str, str]) -> str:
    """The text with `$NAME` and `${NAME}` replaced where the value is known."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values.get(found[1], found[0]), text)


def pairs(text: str) -> dict[str, str]:
    """What `ENV` sets."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def words(text: str) -> list[str]:
    """A command in the form of a JSON list."""
    found: list[str] = json.loads(text)
    return found


def without_mounts(command: str) -> str:
    """A `RUN` without its caches, which only make it quicker."""
    return re.sub(r"--mount=\S+\s+", "", command)
