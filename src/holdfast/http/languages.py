"""In which language a caller is answered, and the texts in it."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, get_args

Language = Literal["ru", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
HEADER_CHARACTERS_MAX = 200


def _catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    text = files("holdfast.http").joinpath("messages", f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


CATALOGUES = {language: _catalogue(language) for language in LANGUAGES}


def text(language: Language, section: Literal["errors", "rules", "pages"], key: str) -> str:
    """The text for people under this key, which every catalogue has."""
    return CATALOGUES[language][section][key]


def preferred(accept_language: str | None, default: Language) -> Language:
    """The language of ours that the header `Accept-Language` (RFC 9110, 12.5.4) weighs most; `default` when none."""
    best, best_weight = default, 0.0
    for part in (accept_language or "")[:HEADER_CHARACTERS_MAX].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if weight > best_weight:
            for known in LANGUAGES:
                if language == known:
                    best, best_weight = known, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
