"""One server's view is uniform; liars, late and dead servers are named."""

import time
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chi2
from three_servers import run

from fairshare.errors import PeerError, UsageError
from fairshare.mpc.gaussian import joint_gaussian
from fairshare.mpc.holding import Parcel, deal
from fairshare.mpc.keys import Stream, fresh_key
from fairshare.mpc.memory import MemoryChannel, memory_channels, run_parties
from fairshare.mpc.opening import open_all
from fairshare.mpc.ring import Z16, Z32, Z64
from fairshare.mpc.scores import absolute_errors
from fairshare.mpc.select import Selection, prepare
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares
from fairshare.mpc.tape import SecretTape

FALSE_ALARM = 1e-6


class Listener:
    """A channel that keeps what it receives."""

    def __init__(self, channel: MemoryChannel) -> None:
        self._channel = channel
        self.heard: list[bytes] = []

    def __getattr__(self, name: str):
        return getattr(self._channel, name)

    def receive(self, sender: int, size: int) -> bytes:
        self.heard.append(self._channel.receive(sender, size))
        return self.heard[-1]


async def everything_unopened(session: Session, counts: Shares) -> None:
    """All kinds of steps, on inputs that are all the same: unmasked messages would be far from uniform."""
    await absolute_errors(session, counts, np.zeros(2000, dtype=np.int64), np.arange(0, 2000, 500))
    await joint_gaussian(session, 4.0, 500, Z32, SecretTape())
    await prepare(session, Selection(10, Fraction(1, 5)), SecretTape())


def uniformity(party: int) -> float:
    """The p-value of a chi-square test of the bytes that one server receives."""
    channels = [Listener(c) if p == party else c for p, c in enumerate(memory_channels())]
    parcels = deal(Z32, np.zeros(2000, dtype=np.uint32))
    run_parties(lambda s: everything_unopened(s, parcels[s.party].shares()), channels=channels)
    heard = np.frombuffer(b"".join(channels[party].heard), dtype=np.uint8)
    assert len(heard) > 100_000
    expected = len(heard) / 256
    return float(chi2.sf(((np.bincount(heard, minlength=256) - expected) ** 2 / expected).sum(), 255))


@pytest.mark.parametrize("party", range(3))
def test_what_a_server_receives_is_uniform(party):
    """False alarm 1e-6 each; catches a message without its mask (next test)."""
    assert uniformity(party) > FALSE_ALARM


def test_without_zero_shares_it_is_not(monkeypatch):
    monkeypatch.setattr(Session, "zero", lambda self, ring, shape: np.zeros(shape, dtype=ring.dtype))
    assert uniformity(1) < FALSE_ALARM


async def wide_words(session: Session, counts: Shares) -> None:
    """All kinds of steps in 64-bit words, where two independent pads never agree."""
    await absolute_errors(session, counts, np.zeros(2000, dtype=np.int64), np.arange(0, 2000, 500))
    await joint_gaussian(session, 4.0, 500, Z64, SecretTape())
    await prepare(session, Selection(10, Fraction(1, 5)), SecretTape())


def heard_by(party: int, keys: list[bytes], parcels: tuple[Parcel, ...]) -> np.ndarray:
    """All words that one server receives in a run with these keys."""
    channels = [Listener(c) if p == party else c for p, c in enumerate(memory_channels())]

    async def program(session: Session) -> None:
        known = Session(session.channel, keys[session.party], keys[session.after])
        await wide_words(known, parcels[session.party].shares())

    run_parties(program, channels=channels)
    return np.frombuffer(b"".join(channels[party].heard), dtype=np.uint64)


@pytest.mark.parametrize("party", range(3))
def test_pads_are_used_once_and_are_not_the_receiver_s(party):
    """Same inputs, same keys but the one that the server lacks: every word that it receives is another.

    False alarm below 1e-8 (two of 10^5 random words agree); catches a pad that is used twice, and a message whose pad
    is drawn from a key that its receiver has.
    """
    parcels = deal(Z64, np.zeros(2000, dtype=np.uint64))
    keys = [fresh_key() for _ in range(3)]
    first = heard_by(party, keys, parcels)
    keys[(party + 2) % 3] = fresh_key()
    second = heard_by(party, keys, parcels)
    assert len(np.unique(np.concatenate([first, second]))) == 2 * len(first)


def test_a_pad_used_twice_is_noticed(monkeypatch):
    monkeypatch.setattr(Stream, "draw", lambda self, ring, shape: np.full(shape, 7, dtype=ring.dtype))
    parcels = deal(Z64, np.zeros(2000, dtype=np.uint64))
    words = heard_by(0, [fresh_key() for _ in range(3)], parcels)
    assert len(np.unique(words)) < len(words)


@pytest.mark.parametrize("ring", [Z16, Z32, Z64])
def test_parcels_are_uniform_to_each_server(ring):
    """False alarm 1e-6 each; catches an explicit summand that is not masked by a stream the server lacks."""
    for parcel in deal(ring, np.zeros(60_000, dtype=ring.dtype)):
        for summand in (*parcel.shares().pair, parcel.shares().pair[0] + parcel.shares().pair[1]):
            octets = np.bincount(summand.view(np.uint8), minlength=256)
            expected = octets.sum() / 256
            assert chi2.sf(((octets - expected) ** 2 / expected).sum(), 255) > FALSE_ALARM


@pytest.mark.parametrize("liar", range(3))
@pytest.mark.parametrize("position", range(2))
def test_a_lying_opener_is_named(liar, position):
    async def program(session, x):
        if session.party == liar:
            x.pair[position, 1] += 1
        return await open_all(session, x)

    # The server that lacks the false summand finds out, and names its two holders.
    summand = (liar + position) % 3
    names = {summand, (summand - 1) % 3}
    with pytest.raises(PeerError, match="disagree about a share") as caught:
        run(program, (Z32, np.arange(4, dtype=np.uint32)))
    assert {int(w) for w in str(caught.value).split() if w.isdigit()} == names


def test_a_silent_server_is_named_in_time():
    async def program(session):
        if session.party != 1:
            session.channel.receive(1, 4)

    start = time.monotonic()
    with pytest.raises(PeerError, match=r"server 1 sent nothing for 0.2 s"):
        run_parties(program, deadline=0.2)
    assert time.monotonic() - start < 5


def test_a_failing_server_s_own_error_is_raised():
    async def program(session):
        if session.party == 2:
            raise UsageError("candidates (0) must be at least 1")
        session.channel.receive(2, 4)

    with pytest.raises(UsageError, match="candidates"):
        run_parties(program)


def test_a_message_of_the_wrong_size_is_refused():
    async def program(session):
        session.channel.send(session.after, bytes(5))
        session.channel.receive(session.before, 4)

    with pytest.raises(PeerError, match=r"server \d sent 5 bytes, must be 4"):
        run_parties(program)


def test_rounds_are_the_longest_chain():
    async def program(session):
        if session.party == 0:
            session.channel.send(1, bytes(1))
        elif session.party == 1:
            session.channel.receive(0, 1)
            session.channel.send(2, bytes(2))
        else:
            session.channel.receive(1, 2)

    outcome = run_parties(program, channels=memory_channels(delay=0.01))
    assert (outcome.cost.rounds, outcome.cost.sent) == (2, (1, 2, 0))
    assert [t.received for t in outcome.traffic] == [0, 1, 2]
