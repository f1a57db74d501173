"""Files in which settings may stand: `.env`, and those that hold one secret each."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from holdfast.settings_rules import WrongSetting


def read(env_file: Path | None) -> dict[str, str]:
    """What the file says, letter by letter: nothing in it is looked up elsewhere. Raises `WrongSetting`."""
    try:
        if env_file is None or not env_file.exists():
            return {}
        # Some editors begin a file with a mark of its encoding, which is no part of the first name.
        text = env_file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WrongSetting(f"{env_file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongSetting(f"{env_file} cannot be read: it is not UTF-8") from None
    if "\0" in text:
        raise WrongSetting(f"{env_file} cannot be read: it is not a text file")
    faulty = [each.original.line for each in parse_stream(StringIO(text)) if each.error]
    if faulty:
        raise WrongSetting(f"{env_file} cannot be read: line {faulty[0]} is not NAME=value, or a quote is not closed")
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def secret(variable: str, given: Mapping[str, str]) -> str:
    """A secret may lie in a file that `<NAME>_FILE` names, as container platforms hand it over."""
    path = given.get(f"{variable}_FILE", "").strip()
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{variable}_FILE={path} is not allowed: a readable text file ({error})") from None
