import importlib.util
import os

import pytest

from tests.engines.servers import REQUIRED, postgres_programs, postgres_server


def absent(reason):
    """Skip, or fail where all engines must be there."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason}, and {REQUIRED} is set", pytrace=False)
    pytest.skip(reason)


def module(name):
    """An optional dependency."""
    if importlib.util.find_spec(name) is None:
        absent(f"{name} is not installed (pip install 'fairshare[sql,spark]')")
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def postgres():
    module("psycopg")
    if postgres_programs() is None:
        absent("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres_server() as address:
        yield address
