"""Where secret random words come from: the servers' keys, or, in a test, a tape that the trusted curator reads too."""

from typing import Protocol

from fairshare.mpc.bits import words_for
from fairshare.mpc.ring import Z2
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["SecretTape", "Tape"]


class Tape(Protocol):
    """A source of uniform secret words. Each call stands for one ``Entropy.words(lanes)`` of the trusted curator."""

    def bits(self, session: Session, lanes: int, width: int) -> Shares:
        """The low ``width`` bits of ``lanes`` fresh words, as planes, bit 0 first: shape (width, ceil(lanes/64))."""
        ...


class SecretTape:
    """Words that nobody knows: the XOR of three streams, of which each server has two. Free."""

    def bits(self, session: Session, lanes: int, width: int) -> Shares:
        """See ``Tape.bits``."""
        return session.uniform(Z2, (width, words_for(lanes)))
