"""SDV's Gaussian copula. It is NOT private: it fits the rows themselves, without noise."""

import warnings

import pandas as pd
from request import Request

warnings.simplefilter("ignore")

from sdv.metadata import Metadata  # noqa: E402
from sdv.single_table import GaussianCopulaSynthesizer  # noqa: E402


def main() -> None:
    request = Request.from_command_line()
    columns = {a: {"sdtype": "numerical" if a in request.ordered else "categorical"} for a in request.sizes}
    metadata = Metadata.load_from_dict({"tables": {"rows": {"columns": columns}}, "relationships": []})
    synthesizer = GaussianCopulaSynthesizer(metadata)
    synthesizer.fit({"rows": pd.read_csv(request.data)})
    made = synthesizer.sample(request.rows)
    made = made["rows"] if isinstance(made, dict) else made  # SDV 2 speaks of tables by name
    request.write({a: made[a].clip(0, n - 1).to_numpy() for a, n in request.sizes.items()})


if __name__ == "__main__":
    main()
