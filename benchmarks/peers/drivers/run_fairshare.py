"""Ours, through the library: DOCUMENT of the request in, coded rows out. See ``request.py``."""

from request import Request

import fairshare
from fairshare.io import read_table
from fairshare.schema import Schema


def main() -> None:
    request = Request.from_command_line()
    schema = Schema.from_domain(request.sizes)
    mechanism = getattr(fairshare, request.mechanism)(**request.options)
    made = fairshare.synthesize(
        read_table(request.data, schema=schema),
        schema,
        epsilon=request.epsilon,
        delta=request.delta,
        mechanism=mechanism,
        seed=request.run,
        fairness=fairshare.Fairness(**request.fairness, policy="strict") if request.fairness else None,
    )
    request.write({name: made.table[name].to_numpy() for name in request.sizes})


if __name__ == "__main__":
    main()
