"""Addresses in settings: of PostgreSQL, of Redis, and of web pages' origins. Pure: texts in, faults or texts out."""

import re
from urllib.parse import quote, unquote, urlsplit

POSTGRES = ("postgresql://", "postgresql+asyncpg://", "postgres://")
REDIS = ("redis://", "rediss://", "unix://")
ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
HOST = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s\[\]:@/?#]*)(?::([0-9]{0,5}))?")
ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(\[[0-9A-Fa-f:.]+\]|[^\s/?#:@*\[\]]+)(?::([0-9]{1,5}))?")
PORT_MAX = 65_535
PORTS = {"http": 80, "https": 443}
ESCAPED = "what is special in a name or a password is written as %40 for @, %23 for #, %2F for /, %25 for %"


def postgres_fault(url: str) -> str | None:
    """What is wrong with an address of PostgreSQL, in words that tell nothing of it; `None` when it can be used."""
    if not url.startswith(POSTGRES):
        return "an address that begins with postgresql://"
    return _fault(url)


def redis_fault(url: str) -> str | None:
    """The same of an address of Redis."""
    if not url.startswith(REDIS):
        return "an address that begins with redis://"
    return _fault(url)


def origin_fault(origin: str) -> str | None:
    """What an origin should be instead, as browsers send it; `None` when it is right."""
    if origin == "*":
        return None
    found = ORIGIN.match(origin)
    if found is None or "*" in origin or "@" in origin:
        return "origins such as https://app.example.org, or * for any"
    scheme, host, port = found[1].lower(), found[2], found[3]
    try:
        host = host.lower() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return "origins such as https://app.example.org, or * for any"
    if port is not None and not 0 < int(port) <= PORT_MAX:
        return f"a port from 1 to {PORT_MAX}"
    right = f"{scheme}://{host}" + (f":{int(port)}" if port and int(port) != PORTS.get(scheme) else "")
    return None if right == origin else f"browsers send {right}"


def _fault(url: str) -> str | None:
    if any(character.isspace() or not character.isprintable() for character in url):
        return "an address without spaces or line breaks"
    try:
        parts = urlsplit(url)
        unquote(url, errors="strict")
    except ValueError:
        return ESCAPED
    if ESCAPE.search(url) or "#" in url or "@" in parts.path:
        return ESCAPED
    found = [HOST.fullmatch(each) for each in parts.netloc.rpartition("@")[2].split(",")]
    if all(each is not None and (not each[2] or 0 < int(each[2]) <= PORT_MAX) for each in found):
        return None
    return f"host and port, the port a number from 1 to {PORT_MAX}; {ESCAPED}"


def address(scheme: str, login: tuple[str, str | None], host: tuple[str, int]) -> str:
    """An address without a path, made of a name and password, and of a host and port."""
    name, password = login
    user = quote(name, safe="") + (f":{quote(password, safe='')}" if password else "")
    place = f"[{host[0]}]" if ":" in host[0] else host[0]
    return f"{scheme}://{user}{'@' if user else ''}{place}:{host[1]}"


def plain(url: str) -> str:
    """The address as PostgreSQL's own programs know it, too."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)
