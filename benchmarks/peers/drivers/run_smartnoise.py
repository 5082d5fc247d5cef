"""SmartNoise's synthesizers. They read the categories from the private rows and give exactly as many rows back."""

import warnings

import numpy as np
import pandas as pd
from request import Request

warnings.simplefilter("ignore")

from snsynth import Synthesizer  # noqa: E402


def main() -> None:
    request = Request.from_command_line()
    np.random.seed(request.run)  # noqa: NPY002 - the library draws from the global generator
    options = dict(request.options)
    if "max_model_size" in options:
        options["max_cells"] = request.max_cells
    synthesizer = Synthesizer.create(request.mechanism.lower(), epsilon=request.epsilon, delta=request.delta, **options)
    frame = pd.read_csv(request.data)
    made = synthesizer.fit_sample(frame, categorical_columns=list(frame.columns))
    request.write({a: made[a].to_numpy() for a in request.sizes})


if __name__ == "__main__":
    main()
