"""What one server receives beside shares: its neighbour's own noise, masked."""

import numpy as np
from scipy.stats import chi2

from fairshare.mpc.memory import memory_channels, run_parties
from fairshare.mpc.noise_distributed import distributed_gaussian
from fairshare.mpc.ring import Z64
from fairshare.privacy import OsEntropy

FALSE_ALARM = 1e-6


def received(party, draws=4000):
    """The bytes that one server hears while all three share their own noise."""
    channels, heard = memory_channels(), []
    plain = channels[party].receive

    def listening(sender, size):
        heard.append(plain(sender, size))
        return heard[-1]

    channels[party].receive = listening
    run_parties(lambda s: distributed_gaussian(s, 4.0, draws, Z64, OsEntropy()), channels=channels)
    return np.frombuffer(b"".join(heard), dtype=np.uint8)


def test_distributed_noise_is_uniform_to_its_receiver():
    """False alarm 1e-6 each; catches draws that are sent as they are: their high bytes are all 0 or 255."""
    for party in range(3):
        octets = np.bincount(received(party), minlength=256)
        assert octets.sum() >= 8 * 4000
        expected = octets.sum() / 256
        assert chi2.sf(((octets - expected) ** 2 / expected).sum(), 255) > FALSE_ALARM
