"""Everything that fairshare raises on purpose, as one tree.

::

    FairshareError
    ├── InternalError        1    a fault of ours: please report it
    ├── InputError           2    something that the caller can mend
    │   ├── UsageError            an argument is outside its range, or arguments contradict each other
    │   ├── SchemaError           the schema is malformed, or has not been reviewed
    │   ├── DataError             the table's structure does not fit the schema (never about a value)
    │   └── MissingExtraError     an optional dependency is not installed
    ├── NotFairError         3    a release or a request breaks the fairness criterion
    ├── BudgetError          4    the privacy budget does not cover the request
    ├── IntegrityError       5    a stored file does not match its hash, or is not what it says
    └── PeerError            6    another party or the network failed

The numbers are the command line's exit codes. Messages read ``name (value) must be <range>`` and say the next
step. They never contain a cell of a private table: the *structure* of a file may be wrong and say so, a *value*
may not (it becomes the column's missing or other code instead).
"""

from typing import ClassVar

__all__ = [
    "EXIT_CODES",
    "BudgetError",
    "DataError",
    "FairshareError",
    "InputError",
    "IntegrityError",
    "InternalError",
    "MissingExtraError",
    "NotFairError",
    "PeerError",
    "SchemaError",
    "UsageError",
]


class FairshareError(Exception):
    """Base of every error that fairshare raises on purpose."""

    exit_code: ClassVar[int] = 1


class InternalError(FairshareError):
    """An invariant of fairshare itself does not hold; please report it."""


class InputError(FairshareError):
    """The caller can mend this: the message names the place and the next step."""

    exit_code = 2


class UsageError(InputError, ValueError):
    """An argument is outside its range, or arguments contradict each other."""


class SchemaError(InputError):
    """The schema is malformed, or holds values that nobody has reviewed."""


class DataError(InputError):
    """The structure of a table or file does not fit the schema."""


class MissingExtraError(InputError, ImportError):
    """An optional dependency is not installed; the message gives the command that installs it."""


class NotFairError(FairshareError):
    """A model, release or request breaks the fairness criterion."""

    exit_code = 3


class BudgetError(FairshareError):
    """The privacy budget does not cover the request; nothing was spent on it."""

    exit_code = 4


class IntegrityError(FairshareError):
    """A stored file does not match its hash, or is not what it claims to be."""

    exit_code = 5


class PeerError(FairshareError):
    """Another party or the network failed."""

    exit_code = 6


#: Every exit code of the command line, with its help text.
EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "a fault inside fairshare (please report it)",
    2: "bad input or usage: the message names the field and the next step",
    3: "not fair: the fairness criterion does not hold",
    4: "the privacy budget does not cover the request",
    5: "integrity: a file was changed, truncated or is not what it says",
    6: "another party or the network failed",
    130: "interrupted",
}
