"""A connection whose pieces are sent together."""

import asyncio


class Joined(asyncio.Transport):
    """A connection that can keep a piece back and send it with the next one: an answer's head with its body.

    A piece by itself costs a system call, a packet, and the client's waking up for it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._is_to_keep = False
        self._kept = b""

    def keep_next(self) -> None:
        """Keep the next piece back until the one after it, `flush`, or the end."""
        self._is_to_keep = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a piece, or keep it back."""
        if self._is_to_keep:
            self._is_to_keep = False
            self._kept = bytes(data)
        elif self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept + data)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what was kept back."""
        self._is_to_keep = False
        if self._kept:
            self.write(b"")

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close it when all is sent."""
        self.flush()
        self._transport.close()

    def has_unsent(self) -> bool:
        """Whether some of what was written is still here, as the client does not read it."""
        return self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()
