"""The same job behind the fit and sample interface that harnesses and scikit-learn users know."""

from typing import Any

from fairshare.errors import UsageError
from fairshare.fairness import Fairness
from fairshare.mechanisms import Mechanism
from fairshare.privacy import Relation
from fairshare.release.release import Release
from fairshare.release.synthesis import synthesize
from fairshare.schema import Schema

__all__ = ["Synthesizer"]

_NAMES = ("schema", "epsilon", "delta", "mechanism", "relation", "fairness", "accept_inferred_schema")


class Synthesizer:
    """``Synthesizer(schema=..., epsilon=1, delta=1e-9).fit(table).sample(1000)``.

    The constructor stores its arguments; ``get_params``, ``set_params`` and scikit-learn's ``clone`` work.

    Args:
        schema: the public schema.
        epsilon: see ``synthesize``.
        delta: see ``synthesize``.
        mechanism: see ``synthesize``.
        relation: see ``synthesize``.
        fairness: see ``synthesize``.
        accept_inferred_schema: see ``synthesize``.

    Attributes:
        release_: the release, after ``fit``.
    """

    release_: Release

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-9,
        mechanism: Mechanism | None = None,
        relation: Relation = "add-remove",
        fairness: Fairness | None = None,
        accept_inferred_schema: bool = False,
    ) -> None:
        self.schema = schema
        self.epsilon = epsilon
        self.delta = delta
        self.mechanism = mechanism
        self.relation = relation
        self.fairness = fairness
        self.accept_inferred_schema = accept_inferred_schema

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  (scikit-learn's signature)
        """The constructor's arguments."""
        return {name: getattr(self, name) for name in _NAMES}

    def set_params(self, **params: Any) -> "Synthesizer":
        """Change some of the constructor's arguments.

        Raises:
            UsageError: there is no such argument.
        """
        for name, value in params.items():
            if name not in _NAMES:
                raise UsageError(f"parameter {name!r} must be one of {', '.join(_NAMES)}")
            setattr(self, name, value)
        return self

    def fit(
        self,
        table: Any,
        y: Any = None,  # noqa: ARG002
        *,
        categorical_columns: Any = None,  # noqa: ARG002
        ordinal_columns: Any = None,  # noqa: ARG002
        continuous_columns: Any = None,  # noqa: ARG002
        preprocessor_eps: float | None = None,  # noqa: ARG002
    ) -> "Synthesizer":
        """Spend the budget on a table; each call is a new release with a budget of its own.

        Args:
            table: see ``synthesize``.
            y: not read; scikit-learn passes it.
            categorical_columns: not read, nor are the next three; SmartNoise's harnesses pass them. What columns are is
                in the schema.
            ordinal_columns: not read.
            continuous_columns: not read.
            preprocessor_eps: not read: no budget goes into finding out what the schema says, so all of ``epsilon`` is
                for the table, and no more is spent.

        Raises:
            UsageError: no schema was given; and as ``synthesize``.
        """
        if self.schema is None:
            raise UsageError("schema must be given: fairshare.Schema.load(path), or draft one with 'schema init'")
        self.release_ = synthesize(table, **self.get_params())
        return self

    def sample(self, n: int | None = None, *, seed: int | None = None, **options: Any) -> Any:
        """Synthetic rows; see ``Release.sample``. Without ``n``, the release's own table.

        Raises:
            UsageError: ``fit`` has not been called.
        """
        if not hasattr(self, "release_"):
            raise UsageError("call fit(table) before sample(n)")
        if n is None and seed is None and not options:
            return self.release_.table
        return self.release_.sample(self.release_.rows if n is None else n, seed=seed, **options)
