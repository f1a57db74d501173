"""What is said of one thing that was looked at."""

from enum import Enum

from msgspec import Struct


class Level(Enum):
    """How bad it is."""

    FINE = "ok"
    DOUBTFUL = "look at this"
    WRONG = "wrong"


class Finding(Struct, frozen=True):
    """One thing that was looked at, how it is, and what to do about it."""

    level: Level
    text: str
    advice: str = ""


def fine(text: str) -> Finding:
    """As it should be."""
    return Finding(Level.FINE, text)


def doubtful(text: str, advice: str) -> Finding:
    """It works, and may not be what was meant."""
    return Finding(Level.DOUBTFUL, text, advice)


def wrong(text: str, advice: str) -> Finding:
    """It does not work, or not as promised."""
    return Finding(Level.WRONG, text, advice)
