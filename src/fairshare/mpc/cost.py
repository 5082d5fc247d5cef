"""What a protocol costs: rounds, and the bytes that each server sends. Declared as data, so that tests measure it."""

from dataclasses import dataclass

__all__ = ["FREE", "Cost", "everyone"]


@dataclass(frozen=True)
class Cost:
    """Attributes:
    rounds: length of the longest chain of messages that wait for each other.
    sent: payload bytes that servers 0, 1 and 2 send.
    """

    rounds: int
    sent: tuple[int, int, int]

    def __add__(self, other: "Cost") -> "Cost":
        """One after the other."""
        return Cost(self.rounds + other.rounds, self._bytes(other))

    def beside(self, other: "Cost") -> "Cost":
        """Both in the same rounds."""
        return Cost(max(self.rounds, other.rounds), self._bytes(other))

    def _bytes(self, other: "Cost") -> tuple[int, int, int]:
        (a, b, c), (x, y, z) = self.sent, other.sent
        return a + x, b + y, c + z


FREE = Cost(0, (0, 0, 0))


def everyone(sent: int) -> Cost:
    """One round in which every server sends the same number of bytes."""
    return Cost(1, (sent, sent, sent))
