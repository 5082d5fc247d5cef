"""The command line with predictable noise (INSECURE): equal counts make equal files, and others almost surely don't."""

from functools import partial

from fairshare.cli import main
from fairshare.privacy import TableNoise
from fairshare.release import synthesis
from tests.conftest import SeededEntropy

if __name__ == "__main__":
    synthesis.TableNoise = partial(TableNoise, SeededEntropy(7))
    raise SystemExit(main())
