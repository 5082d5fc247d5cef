"""A consortium's holder of whole rows counts where they are: its shares add up to the same counts."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from fairshare.counting import CodedTable, InDatabase, ScannedTable, open_table
from fairshare.counting.postgres import PostgresTable
from fairshare.datasets import load_german_credit
from fairshare.errors import DataError, UsageError
from fairshare.marginals import Domain
from fairshare.mpc.contribution import contribute
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, PrivacyUnit
from tests.engines.test_adult import plain


@pytest.fixture(scope="module")
def german():
    return load_german_credit()


def terms(schema, *, most_rows=1000, part=None):
    domain = Domain.from_sizes(schema.sizes)
    owners = [Owner(name="north", attributes=domain.attributes, most_rows=most_rows)]
    if part is not None:
        owners.append(Owner(name="south", attributes=part, most_rows=most_rows))
    return Terms(
        domain=domain,
        budget=Budget(epsilon=1, delta=1e-9, slack_share=SLACK_SHARE),
        unit=PrivacyUnit(relation="replace-one"),
        owners=tuple(owners),
    )


def opened(parts, ring):
    """What the servers hold together: the sum of the three summands."""
    zero, one = (part.counts.shares().pair for part in parts[:2])
    return ring.add(ring.add(zero[0], zero[1]), one[1])


def test_shares_of_an_engine_s_counts_are_those_of_the_rows(german, postgres, server, tmp_path):
    agreed = terms(german.schema)
    expected = opened(contribute(agreed, "north", german.schema.encode(german.table)), agreed.ring)
    table = plain(german.table)
    for i in range(3):
        pq.write_table(table.slice(400 * i, 400), tmp_path / f"{i}.parquet")
    server.adbc_ingest("holder", table, mode="replace")
    engines = [
        (open_table(tmp_path, german.schema), ScannedTable),
        (open_table(InDatabase(address=postgres, table="holder"), german.schema), PostgresTable),
    ]
    for engine, kind in engines:
        assert isinstance(engine, kind)
        assert np.array_equal(opened(contribute(agreed, "north", engine), agreed.ring), expected)
        engine.close()
    one_way = german.schema.encode(german.table)[agreed.domain.attributes[0]]
    assert expected[: agreed.domain.shape[0]].tolist() == np.bincount(one_way).tolist()


def test_what_an_engine_can_t_share_is_refused(german):
    codes = german.schema.encode(german.table)
    engine = CodedTable(Domain.from_sizes(german.schema.sizes), codes)
    with pytest.raises(DataError, match="north has 1000 rows, and may have 999 at most"):
        contribute(terms(german.schema, most_rows=999), "north", engine)
    part = tuple(german.schema.sizes)[:3]
    with pytest.raises(UsageError, match="codes of the rows must be given where columns are split"):
        contribute(terms(german.schema, part=part), "south", engine, np.zeros((1000, 32), np.uint8))
    other = CodedTable(Domain.from_sizes({"a": 2}), {"a": np.zeros(5, np.uint8)})
    with pytest.raises(UsageError, match="must have the plan's columns"):
        contribute(terms(german.schema), "north", other)
