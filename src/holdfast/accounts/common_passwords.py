"""Which passwords are the first that somebody tries: the most used ones, and what everybody can think of here."""

from functools import cache

from holdfast.http.languages import CATALOGUES

WORDS = frozenset(word for catalogue in CATALOGUES.values() for word in catalogue["guesses"]["words"].split())
"""Words of this product and of those who use it; docs/accounts.md lists them."""
CHARACTERS_MIN = 8
"""Shorter ones are refused as such."""


def is_first_guess(password: str, email: str) -> bool:
    """Whether a password is much used, or one of the words or the account's own name with digits and signs about it."""
    plain = password.lower()
    if plain in _most_used():
        return True
    address = email.lower()
    name, _, domain = address.partition("@")
    own = {address, name, domain, domain.partition(".")[0]}
    return plain in own or _letters(plain) in WORDS | {_letters(each) for each in own} - {""}


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


@cache
def _most_used() -> frozenset[str]:
    """Some 11,600 of the passwords that were found most often in what was stolen elsewhere."""
    # Read when it is first needed: it takes a tenth of a second and some megabytes.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(each for each in FREQUENCY_LISTS["passwords"] if len(each) >= CHARACTERS_MIN)
