"""An answer's head goes out together with its body."""

import asyncio

from holdfast.edge.joined import Joined


class Wire(asyncio.Transport):
    """Notes what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True


def test_a_piece_that_is_kept_goes_with_the_next() -> None:
    wire = Wire()
    joined = Joined(wire)
    joined.keep_next()
    for piece in (b"head", b"body", b"more"):
        joined.write(piece)
    assert wire.sent == [b"headbody", b"more"]


def test_without_a_next_piece_it_goes_by_itself() -> None:
    wire = Wire()
    joined = Joined(wire)
    joined.keep_next()
    joined.write(b"head")
    joined.flush()
    joined.flush()
    assert wire.sent == [b"head"]


def test_it_goes_before_the_end() -> None:
    wire = Wire()
    joined = Joined(wire)
    joined.keep_next()
    joined.write(b"head")
    joined.close()
    assert (wire.sent, wire.is_closed) == ([b"head"], True)


def test_nothing_is_kept_when_no_piece_came() -> None:
    wire = Wire()
    joined = Joined(wire)
    joined.keep_next()
    joined.flush()
    joined.write(b"answer")
    assert wire.sent == [b"answer"]
