"""Spark, a real one on this machine with two workers, obeys the law."""

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairshare.counting.spark import SparkTable
from fairshare.errors import DataError
from tests.engines import law

pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's own, of what it will do differently one day


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spark")


@given(st.builds(law.schema, st.booleans(), st.booleans()), law.tables())
@settings(max_examples=3)
def test_the_law(spark, folder, public, table):
    path = folder / "law.parquet"
    pq.write_table(table, path, row_group_size=4)
    law.holds(SparkTable(spark.read.parquet(str(path)), public), public, table, most=1)


def test_rows_of_one_person_cannot_be_limited():
    with pytest.raises(DataError, match="max_rows_per_person"):
        SparkTable(None, law.schema(nullable=False, outside=False, person="person"))
