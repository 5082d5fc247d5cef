"""Google's DPSynth, from a checkout on PYTHONPATH; calibrated by its own accountants to epsilon and delta."""

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
from request import Request

warnings.simplefilter("ignore")  # mbi advises on JAX's settings; we time it as it comes

import dp_accounting  # noqa: E402
import mbi  # noqa: E402
from dpsynth import discrete_mechanisms as mechanisms  # noqa: E402


def calibrate(config: mechanisms.DiscreteConfig, epsilon: float, delta: float) -> Any:
    """Its own calibration; where that tries a budget of 0, at which SWIFT divides by 0, the same from above 0."""
    try:
        return config.calibrate(epsilon=epsilon, delta=delta)
    except ZeroDivisionError:
        rho = dp_accounting.calibrate_dp_mechanism(
            dp_accounting.pld.PLDAccountant,
            lambda rho: config.configure(zcdp_rho=rho).dp_event,
            epsilon,
            delta,
            dp_accounting.ExplicitBracketInterval(1e-4, 10.0),
        )
        print(f"calibrated from above 0: rho {rho:.6f}", file=sys.stderr)
        return config.configure(zcdp_rho=rho, delta=delta)


def main() -> None:
    request = Request.from_command_line()
    options = dict(request.options)
    if degree := options.pop("degree", None):
        options["workload"] = request.workload(degree)
    merging = options.pop("compress_columns", False)
    inner = getattr(mechanisms, f"{request.mechanism}Config")(**options)
    config = mechanisms.DiscreteConfig(mechanism=inner, compress_columns=merging)
    calibrated = calibrate(config, request.epsilon, request.delta)
    frame = pd.read_csv(request.data)
    data = mbi.Dataset({a: frame[a].to_numpy() for a in request.sizes}, mbi.Domain.fromdict(request.sizes))
    made = calibrated(np.random.default_rng(), data).synthetic_data
    print(f"{made.records} rows", file=sys.stderr)
    request.write({a: np.asarray(c) for a, c in made.to_dict().items()})


if __name__ == "__main__":
    main()
