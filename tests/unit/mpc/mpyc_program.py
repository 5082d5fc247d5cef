"""The program of test_mpc_against_mpyc, in another engine: three MPyC parties with Shamir sharing.

    JOB=JSON python mpyc_program.py -M3

Input by party 0: one-hot blocks of two holders, public estimates, weights, penalties. Opened: the cross counts, each
row's weighted error, and the place of the largest.
"""

import json
import os
import sys

from mpyc.runtime import mpc  # it reads the command line, and starts the other two parties

INPUT = json.loads(os.environ["JOB"])


async def main() -> None:
    number = mpc.SecInt(40)
    await mpc.start()

    def share(block):
        return [mpc.input([number(v) for v in row], senders=0) for row in block]

    left, right = share(INPUT["left"]), share(INPUT["right"])
    counts = [[mpc.in_prod(x, y) for y in right] for x in left]
    errors = [
        mpc.sum([mpc.abs(c - e) for c, e in zip(row, estimates, strict=True)])
        for row, estimates in zip(counts, INPUT["estimates"], strict=True)
    ]
    scores = [w * (e - p) for e, w, p in zip(errors, INPUT["weights"], INPUT["penalties"], strict=True)]
    best, _ = mpc.argmax(scores)
    opened = {
        "counts": [[int(v) for v in await mpc.output(row)] for row in counts],
        "scores": [int(v) for v in await mpc.output(scores)],
        "best": int(await mpc.output(best)),
    }
    party = mpc.pid
    await mpc.shutdown()
    if party == 0:
        sys.stdout.write(json.dumps(opened))


mpc.run(main())
