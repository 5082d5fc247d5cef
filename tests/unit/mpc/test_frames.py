"""Frames: what is written is read, however it is cut; what is not the next frame is refused."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import IntegrityError
from fairshare.mpc.wire.frames import HEADER_BYTES, Frame, FrameReader, Kind, header
from fairshare.mpc.wire.link import Link

SESSION = bytes(range(32))


def reader(max_payload: int = 1 << 16) -> FrameReader:
    return FrameReader(sender=4, receiver=1, name="bob", max_payload=max_payload)


def frame(payload: bytes, sequence: int, **changes: Any) -> bytes:
    usual = {"kind": Kind.PROTOCOL, "session": SESSION, "sender": 4, "receiver": 1, "step": 9, "length": len(payload)}
    return header(**{**usual, "sequence": sequence, **changes}) + payload


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.integers(0, 2000), max_size=8))
def test_frames_survive_any_cutting(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(p, i) for i, p in enumerate(payloads))
    bounds = [0, *sorted(min(c, len(stream)) for c in cuts), len(stream)]
    one, found = reader(), []
    for start, stop in itertools.pairwise(bounds):
        found += one.feed(memoryview(stream[start:stop]))
    assert [f.payload for f in found] == payloads
    assert all((f.kind, f.session, f.step) == (Kind.PROTOCOL, SESSION, 9) for f in found)
    assert one.idle


@given(st.binary(min_size=HEADER_BYTES, max_size=400))
def test_noise_is_refused_or_waited_for_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(IntegrityError, match="a frame from bob"):
        reader().feed(memoryview(noise))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sequence": 1}, "has number 1, must be 0"),
        ({"sender": 3}, "says to be from party 3 to party 1"),
        ({"receiver": 2}, "says to be from party 4 to party 2"),
        ({"kind": 99}, "unknown kind 99"),
        ({"length": 2**32 - 1}, "has 4294967295 bytes, must be at most 65536"),
    ],
)
def test_what_is_not_the_next_frame_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        reader().feed(memoryview(frame(b"", **{"sequence": 0, **changes})))


def test_a_replayed_frame_is_refused() -> None:
    one = reader()
    assert len(one.feed(memoryview(frame(b"x", 0)))) == 1
    with pytest.raises(IntegrityError, match="has number 0, must be 1"):
        one.feed(memoryview(frame(b"x", 0)))


def test_a_cut_frame_is_known_to_be_unfinished() -> None:
    one = reader()
    assert one.feed(memoryview(frame(b"abc", 0)[:-1])) == []
    assert not one.idle


def test_a_frame_holds_what_it_says() -> None:
    (found,) = reader().feed(memoryview(frame(b"abc", 0)))
    assert isinstance(found, Frame)
    assert (found.kind, found.step, found.payload) == (Kind.PROTOCOL, 9, b"abc")


class Flood:
    """A connection on which there is always one more frame without payload."""

    def __init__(self) -> None:
        self.reads = 0

    def recv_into(self, buffer: Any) -> int:
        sent = header(kind=Kind.RECEIPT, session=bytes(32), sender=4, receiver=1, step=0, sequence=self.reads, length=0)
        self.reads += 1
        buffer[: len(sent)] = sent
        return len(sent)


def test_a_peer_that_never_stops_sending_gets_its_turn_and_so_much_memory() -> None:
    flood = Flood()
    link = Link(flood, "alice", us=1, peer=4, max_payload=1 << 12, delay=0.0)  # type: ignore[arg-type]
    for _ in range(10):
        before = flood.reads
        link.read()
        assert flood.reads - before <= 16  # then all others have their turn
    assert link.full
    assert len(link._inbox) < 64  # frames count for something even without payload


def test_what_a_dismissed_peer_sends_is_not_even_read_as_frames() -> None:
    flood = Flood()
    link = Link(flood, "alice", us=1, peer=4, max_payload=1 << 12, delay=0.0)  # type: ignore[arg-type]
    link.dismissed = True
    for _ in range(10):
        link.read()
    assert flood.reads == 160
    assert not link._inbox
