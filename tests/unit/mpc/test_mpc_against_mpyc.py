"""Another engine, another sharing, another field: the same small program opens the same values."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from three_servers import RINGS, run

from fairshare.mpc.comparison import maximum
from fairshare.mpc.marginals import one_hot, pair_counts
from fairshare.mpc.opening import open_all
from fairshare.mpc.ring import Z16
from fairshare.mpc.scores import absolute_errors, weighted

PROGRAM = Path(__file__).with_name("mpyc_program.py")
SIZES = (3, 4)


def job() -> dict:
    rng = np.random.default_rng(11)
    left, right = (one_hot([rng.integers(0, n, 12)], [n], Z16) for n in SIZES)
    return {
        "left": left.tolist(),
        "right": right.tolist(),
        "estimates": rng.integers(0, 4, SIZES).tolist(),
        "weights": [3, 1, 2],
        "penalties": [4, -1, 0],
    }


def in_mpyc(given: dict) -> dict:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = min(probe.getsockname()[1], 65_000)
    command = [sys.executable, "-W", "ignore", str(PROGRAM), "-M3", "--no-log", "-B", str(base)]
    environment = {**os.environ, "JOB": json.dumps(given)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    return json.loads(done.stdout)


@pytest.mark.skipif(importlib.util.find_spec("mpyc") is None, reason="needs the other engine: pip install mpyc")
def test_mpyc_opens_the_same_values():
    given = job()
    expected = in_mpyc(given)
    estimates = np.array(given["estimates"])

    async def program(session, left, right, ring):
        counts = (await pair_counts(session, left, right, ring)).reshape(-1)
        errors = await absolute_errors(session, counts, estimates.reshape(-1), np.arange(0, 12, 4))
        scores = weighted(session, errors, np.array(given["weights"]), np.array(given["penalties"]))
        best = await maximum(session, scores)
        return [ring.decode(await open_all(session, x)) for x in (counts, scores, best)]

    blocks = [(Z16, np.array(given[side], dtype=np.uint16)) for side in ("left", "right")]
    for ring in RINGS:
        values, _ = run(lambda s, x, y, ring=ring: program(s, x, y, ring), *blocks)
        for counts, scores, best in values:
            assert counts.reshape(SIZES).tolist() == expected["counts"]
            assert scores.tolist() == expected["scores"]
            assert best.reshape(-1)[0] == expected["scores"][expected["best"]]
