"""exp(-x) of an exact rational, in integers: the one transcendental function that noise needs."""

from fractions import Fraction

__all__ = ["exp_neg"]


def exp_neg(x: Fraction, bits: int) -> int:
    """floor-like fixed-point exp(-x) x 2^bits for x >= 0; the error is below 4 units in the last place.

    Args:
        x: exact rational, at least 0.
        bits: fractional bits of the result.

    The argument is halved until it is below 1/2^8, its Taylor series summed with 64 + bits/4 guard bits, and the
    result squared back; each squaring doubles the relative error, which the guard bits absorb.
    """
    if x < 0:
        raise ValueError("x must be at least 0")
    if x > bits:  # exp(-bits) < 2^-bits
        return 0
    halvings = max(0, (x.numerator // x.denominator).bit_length() + 9)
    work = bits + 64 + 2 * halvings
    reduced = (x.numerator << work) // (x.denominator << halvings)
    magnitude = total = 1 << work
    n = 0
    while magnitude:
        n += 1
        magnitude = (magnitude * reduced >> work) // n
        total += -magnitude if n % 2 else magnitude
    for _ in range(halvings):
        total = total * total >> work
    return total >> (work - bits)
