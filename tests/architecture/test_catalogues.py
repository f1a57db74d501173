"""Every error has a status and a text in every language, and nothing else does."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

from msgspec import inspect

import holdfast
from holdfast import errors
from holdfast.accounts import bodies as accounts
from holdfast.errors import HoldfastError
from holdfast.http.errors import STATUS
from holdfast.http.languages import CATALOGUES
from holdfast.kinds import KINDS
from holdfast.rooms import bodies as rooms

ROOT = Path(holdfast.__file__).parent


def all_errors(kind: type[HoldfastError] = HoldfastError) -> Iterator[type[HoldfastError]]:
    """Every error of the product. Tests of the same process may have made some of their own."""
    for child in kind.__subclasses__():
        if child.__module__.startswith("holdfast."):
            yield child
        yield from all_errors(child)


def test_every_error_has_a_status() -> None:
    assert {error.kind for error in all_errors()} == set(STATUS)


def test_a_new_error_code_touches_four_files() -> None:
    """Its class, its text in each language, and the contract's document, as `tests/docs` has it."""
    sources = {path: path.read_text(encoding="utf-8") for kind in ("py", "toml") for path in ROOT.rglob(f"*.{kind}")}
    for error in all_errors():
        named = re.compile(rf'"{error.code}"|^{error.code} = ', re.MULTILINE)
        found = {path.relative_to(ROOT).as_posix() for path, text in sources.items() if named.search(text)}
        assert found == {"errors.py", "http/messages/en.toml", "http/messages/ru.toml"}, error.code


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in all_errors() if error.text is None]
    assert len(codes) == len(set(codes))
    assert all(set(code) <= set(string.ascii_uppercase + "_") for code in codes)


def test_every_code_has_a_text_in_every_language_and_no_text_is_left_over() -> None:
    codes = {error.text or error.code for error in all_errors()}
    assert {language: set(catalogue["errors"]) for language, catalogue in CATALOGUES.items()} == {
        "ru": codes,
        "en": codes,
    }


def test_every_rule_is_in_every_language() -> None:
    assert set(CATALOGUES["ru"]["rules"]) == set(CATALOGUES["en"]["rules"])


def test_no_text_is_empty_or_the_same_in_both_languages() -> None:
    for section in ("errors", "rules"):
        for key, russian in CATALOGUES["ru"][section].items():
            english = CATALOGUES["en"][section][key]
            assert russian.strip()
            assert english.strip()
            assert key == "boolean" or russian != english


def test_every_field_names_a_rule_that_has_a_text() -> None:
    for kind in (
        KINDS.default.new,
        KINDS.change,
        accounts.DummyLogin,
        accounts.Registration,
        accounts.Login,
        accounts.PasswordChange,
        accounts.UserChange,
        rooms.NewRoom,
        rooms.NewSchedule,
        rooms.NewSlotBooking,
    ):
        info = inspect.type_info(kind)
        assert isinstance(info, inspect.StructType)
        for field in info.fields:
            rules = [part.extra["rule"] for part in metadata(field.type) if part.extra]
            assert rules, f"{kind.__name__}.{field.name} says nothing of what it must be"
            assert set(rules) <= set(CATALOGUES["en"]["rules"])


def metadata(kind: inspect.Type) -> list[inspect.Metadata]:
    if isinstance(kind, inspect.Metadata):
        return [kind]
    return [part for inner in getattr(kind, "types", ()) for part in metadata(inner)]


def test_an_error_never_carries_a_status() -> None:
    assert not [name for name in vars(errors) if "status" in name.lower()]
