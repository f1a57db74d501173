"""Pure: the one form of an e-mail address. One person is not to have two accounts by spelling their address twice."""

import re

import idna

from holdfast.http import letters

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
CHARACTERS_MAX = 254
JOINERS = str.maketrans("", "", letters.NON_JOINER + letters.JOINER)


def canonical(email: str) -> str | None:
    """An address in its one form; `None` for one that no new account may have.

    Composed (NFC) and in lower case, its domain as people read it (IDNA: `xn--bcher-kva.example` is `bücher.example`).
    Characters that nobody sees are refused, but joiners in a domain, where IDNA knows which scripts need them.
    """
    name, at, domain = email.rpartition("@")
    if not at or letters.has_invisible(name) or letters.has_invisible(domain.translate(JOINERS)):
        return None
    known = _domain(domain)
    if known is None:
        return None
    found = f"{_lowered(name)}@{known}"
    # The bounds hold for what is kept: an accent may have been a character of its own.
    return found if len(found) <= CHARACTERS_MAX and ADDRESS.fullmatch(found) and letters.is_seen(name) else None


def spellings(email: str) -> tuple[str, ...]:
    """The forms under which an account may be kept: as accounts first were, the one form, and its domain in IDNA."""
    found = [email.lower()]
    known = canonical(email)
    if known is not None:
        name, _, domain = known.rpartition("@")
        found += [known, f"{name}@{_encoded(domain) or domain}"]
    return tuple(dict.fromkeys(found))


def account_of(email: str) -> str:
    """One text for all spellings of an address, by which tries are counted."""
    return canonical(email) or letters.composed(email.lower())


def _lowered(text: str) -> str:
    """A text in lower case, which may take letters and accents apart."""
    return letters.composed(letters.composed(text).lower())


def _domain(text: str) -> str | None:
    """A domain as people read it. What IDNA does not know may still be a name in a network of one's own, in ASCII."""
    text = text.removesuffix(".") or text
    encoded = _encoded(text)
    if encoded is None:
        return text.lower() if text.isascii() else None
    return idna.decode(encoded).removesuffix(".")


def _encoded(domain: str) -> str | None:
    """A domain as it stands in DNS, or `None` for what IDNA refuses."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # of which `IDNAError` is one
        return None
