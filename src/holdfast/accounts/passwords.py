"""Passwords: hashed by bcrypt, in a thread, so that nobody who books waits for it."""

import asyncio
import base64
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TypeVar

import bcrypt

from holdfast.accounts.common_passwords import is_first_guess
from holdfast.errors import Unavailable

T = TypeVar("T")

BYTES_MAX = 72
"""bcrypt looks at no more, so of longer passwords it gets a hash."""
HASHED = b"\1"
"""What is before such a hash. No password has it, so nobody signs in by typing the hash itself."""
WAITING_MAX = 100
NICENESS = 10


class Passwords:
    """Hashes and checks, one at a time and behind whatever else the machine has to do. Made once in each process.

    More than `WAITING_MAX` at once are refused: raises `Unavailable`.
    """

    def __init__(self, cost: int) -> None:
        self._cost = cost
        self._thread = ThreadPoolExecutor(1, "passwords", initializer=_stand_back)
        self._waiting = 0
        self._nobodys: bytes | None = None
        self.checks = 0
        """How many passwords were checked; the same for known and unknown users."""

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        return (await self._run(self._hash, _shortened(opaque(password)))).decode()

    async def is_first_guess(self, password: str, email: str) -> bool:
        """Whether a password is one that anybody would try first for this address."""
        return await self._run(is_first_guess, password, email)

    async def check(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password. For `None`, nobody's hash, it takes as long and is false.

        One that can be written in two ways is tried in both: it may have been kept as it was typed, as it once was.
        """
        self.checks += 1
        forms = dict.fromkeys((opaque(password), password))
        kept = None if hashed is None else hashed.encode()
        return await self._run(self._check_each, tuple(map(_shortened, forms)), kept)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _hash(self, password: bytes) -> bytes:
        return bcrypt.hashpw(password, bcrypt.gensalt(self._cost))

    def _check_each(self, forms: tuple[bytes, ...], hashed: bytes | None) -> bool:
        return any(self._check(each, hashed) for each in forms)

    def _check(self, password: bytes, hashed: bytes | None) -> bool:
        if hashed is None:
            self._nobodys = self._nobodys or self._hash(secrets.token_bytes(16).hex().encode())
            bcrypt.checkpw(password, self._nobodys)
            return False
        return bcrypt.checkpw(password, hashed)

    async def _run(self, work: Callable[..., T], *arguments: str | bytes | tuple[bytes, ...] | None) -> T:
        if self._waiting >= WAITING_MAX:
            raise Unavailable
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._waiting -= 1


def opaque(password: str) -> str:
    """The one form of a password: spaces of any kind are spaces, letters are composed (RFC 8265, 4.2: OpaqueString)."""
    if password.isascii():
        return password
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced)


def _shortened(password: str) -> bytes:
    """A password as bcrypt takes it: itself, or a hash of all of it."""
    whole = password.encode()
    return whole if len(whole) <= BYTES_MAX else HASHED + base64.b64encode(sha256(whole).digest())


def _stand_back() -> None:
    """Let everything else on this machine go first; on Linux a thread has a priority of its own."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
