import importlib.util
import os
import sys

import pytest

from tests.engines.servers import REQUIRED, java_is_there, postgres_programs, postgres_server, spark_cluster


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
    module("adbc_driver_postgresql")
    if postgres_programs() is None:
        absent("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="session")
def server(postgres):
    """A cursor of the tests' own."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(postgres, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture(scope="session")
def java():
    module("pyspark")
    if not java_is_there():
        absent("Java is not installed (Debian: apt-get install openjdk-17-jre-headless)")


@pytest.fixture(scope="session")
def spark(java):
    """A session in this process, with two workers on this machine."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    options = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "2"}
    session = SparkSession.builder.master("local[2]").appName("law").config(map=options).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def cluster(java):
    """The address of a cluster whose processes are not this one's."""
    with spark_cluster() as address:
        yield address
