"""Are two means equal but for chance? Welch's test of many pairs, at one false-alarm rate over all of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

__all__ = ["FALSE_ALARM", "Compared", "Sample", "compare"]

#: Of a whole list of comparisons, two-sided (Bonferroni).
FALSE_ALARM = 0.01
_FEWEST = 3


@dataclass(frozen=True)
class Sample:
    """What the test needs of a sample."""

    mean: float
    sd: float
    size: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample | None":
        """None for fewer than three values."""
        return cls(mean(values), stdev(values), len(values)) if len(values) >= _FEWEST else None


@dataclass(frozen=True)
class Compared:
    """How many pairs were tested, and those that chance does not explain, with the distance in standard errors."""

    tested: int
    apart: Mapping[str, float]

    def __str__(self) -> str:
        named = "; ".join(f"{name} ({away:+.1f} standard errors)" for name, away in self.apart.items())
        return f"{self.tested - len(self.apart)} of {self.tested} figures are equal but for chance" + (
            f". Not: {named}" if named else ""
        )


def compare(pairs: Iterable[tuple[str, Sample | None, Sample | None]]) -> Compared:
    """Test each pair, ours first; pairs that lack a side or vary on neither are left out."""
    found = {}
    for name, ours, theirs in pairs:
        if ours is None or theirs is None or ours.sd == theirs.sd == 0:
            continue
        parts = [s.sd**2 / s.size for s in (ours, theirs)]
        freedom = sum(parts) ** 2 / sum(p**2 / (s.size - 1) for p, s in zip(parts, (ours, theirs), strict=True))
        found[name] = ((ours.mean - theirs.mean) / math.sqrt(sum(parts)), freedom)
    from scipy.stats import t

    level = FALSE_ALARM / max(len(found), 1)
    apart = {name: away for name, (away, freedom) in found.items() if 2 * t.sf(abs(away), freedom) < level}
    return Compared(len(found), apart)
