"""Pure: one form of a text, and which of its characters nobody sees."""

import re
import unicodedata

import idna

# Default_Ignorable_Code_Point of Unicode: zero widths, directions, joiners, selectors, fillers, tags; and annotations.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{2,8}\U000e007f")
"""A flag of a part of a country, as of Scotland: its letters are tags, and nobody sees them by themselves."""
NON_JOINER, JOINER = "\u200c", "\u200d"
PRESENTATIONS = "\ufe0e\ufe0f"
KEYCAP, KEYS = "\u20e3", frozenset("0123456789#*")
SIGNS = frozenset({"So", "Sm", "Sk"})
BLANKS = frozenset("\u2800")
"""Seen as nothing, though they are neither spaces nor ignorable: a cell of Braille without dots."""


def composed(text: str) -> str:
    """The form in which letters and their accents are one character each: NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def has_invisible(text: str) -> bool:
    """Whether there is a character that nobody sees."""
    return not text.isascii() and INVISIBLE.search(text) is not None


def misleads(text: str) -> bool:
    """Whether a text has characters that nobody sees and that no script or emoji needs where they stand."""
    if not has_invisible(text):
        return False
    plain = FLAG.sub("", text)
    return any(not _is_needed(plain, found.start()) for found in INVISIBLE.finditer(plain))


def is_seen(text: str) -> bool:
    """Whether there is anything to see."""
    return any(not (each.isspace() or each in BLANKS or INVISIBLE.match(each)) for each in text)


def _is_needed(text: str, at: int) -> bool:
    """Whether an invisible character changes how its neighbours are written: RFC 5892, A.1 and A.2, and emoji."""
    character, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if not before:
        return False
    if character in (NON_JOINER, JOINER) and idna.valid_contextj(text, at):
        return True
    if character == JOINER:
        return _is_sign(before if before not in PRESENTATIONS else text[at - 2 : at - 1]) and _is_sign(after)
    if character in PRESENTATIONS:
        return _is_sign(before) or (before in KEYS and after == KEYCAP) or before in "\u203c\u2049\u3030"
    if "\ufe00" <= character <= "\ufe0d" or "\U000e0100" <= character <= "\U000e01ef":
        # Which of its shapes an ideograph has, as in names of people.
        return unicodedata.name(before, "").startswith("CJK")
    return "\u180b" <= character <= "\u180f" and unicodedata.name(before, "").startswith("MONGOLIAN")


def _is_sign(character: str) -> bool:
    return bool(character) and not character.isascii() and unicodedata.category(character) in SIGNS
