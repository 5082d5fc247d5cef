"""dpmm's pipelines, without their binning, which would spend an epsilon of its own on top."""

import warnings

import pandas as pd
from request import Request

warnings.simplefilter("ignore")

from dpmm.pipelines import AIMPipeline, MSTPipeline, PrivBayesPipeline  # noqa: E402

PIPELINES = {"AIM": AIMPipeline, "MST": MSTPipeline, "PrivBayes": PrivBayesPipeline}


def main() -> None:
    request = Request.from_command_line()
    options = dict(request.options)
    size = options.pop("max_model_size", None)
    if "degree" in options and request.mechanism == "AIM":
        options["max_cells"] = request.max_cells
    pipeline = PIPELINES[request.mechanism](
        epsilon=request.epsilon,
        delta=request.delta,
        max_model_size=size,
        n_jobs=1,
        disable_processing=True,
        gen_kwargs=options,
    )
    pipeline.fit(pd.read_csv(request.data), domain=request.sizes, random_state=request.run)
    made = pipeline.generate(n_records=request.rows, random_state=request.run)
    request.write({a: made[a].to_numpy() for a in request.sizes})


if __name__ == "__main__":
    main()
