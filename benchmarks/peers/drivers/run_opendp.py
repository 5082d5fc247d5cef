"""OpenDP's contingency tables (extras ``polars`` and ``mbi``). Every table has a null code of its own beside ours."""

import opendp.prelude as dp
import polars as pl
from request import Request

dp.enable_features("contrib")


def main() -> None:
    request = Request.from_command_line()
    options = dict(request.options)
    if degree := options.pop("degree", None):
        options["queries"] = [dp.mbi.Count(clique) for clique in request.workload(degree)]
    context = dp.Context.compositor(
        data=pl.scan_csv(request.data),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=request.rho),
        split_evenly_over=1,
    )
    table = (
        context.query()
        .select(*request.sizes)
        .contingency_table(
            keys={a: list(range(n)) for a, n in request.sizes.items()},
            algorithm=getattr(dp.mbi, request.mechanism)(**options),
        )
        .release()
    )
    made = table.synthesize().drop_nulls()  # no real row has a null, so rows with one stand for nothing
    request.write({a: made[a].to_list() for a in request.sizes})


if __name__ == "__main__":
    main()
