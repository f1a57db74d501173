"""A name server that answers every question for an address with what it was told last."""

import socket
import struct
import threading
from ipaddress import ip_address
from types import TracebackType
from typing import Self

ADDRESS, INTERNET, TTL_SECONDS = 1, 1, 600
"""Docker's name server lets answers count for ten minutes, whatever becomes of the container."""
UNKNOWN_NAME = 3


class NameServer:
    """As a context, it answers inside, at `address` over UDP."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, whom = self._socket.recvfrom(512)
            if not asked:
                return
            self._socket.sendto(answer(asked, self.addresses), whom)


def answer(asked: bytes, addresses: list[str]) -> bytes:
    """The answer to one question, by RFC 1035: the question again, and each address under its name."""
    end = asked.index(b"\0", 12) + 5
    question = asked[12:end]
    code = 0 if addresses else UNKNOWN_NAME
    head = asked[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
    # The name is a pointer to the question's.
    record = struct.pack("!HHHIH", 0xC00C, ADDRESS, INTERNET, TTL_SECONDS, 4)
    return head + question + b"".join(record + ip_address(each).packed for each in addresses)
