"""The four classifiers that are trained on the tables, all scikit-learn's."""

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fairshare.errors import DataError, MissingExtraError, UsageError
from fairshare.evaluation.features import Features
from fairshare.evaluation.tables import Codes

__all__ = ["CLASSIFIERS", "MOST_ROWS", "Classifier", "Fitted", "chosen", "fit"]

#: Rows that a classifier is trained on at most; of a larger table, a random subset.
MOST_ROWS = 50_000

_Reads = Literal["indicators", "ordinals"]


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A kind of classifier.

    Attributes:
        name: its key in the JSON.
        title: for people.
        reads: which method of ``Features`` makes its input.
        module: where in scikit-learn it lives.
        kind: its class there.
        options: arguments of the class, besides the seed.
    """

    name: str
    title: str
    reads: _Reads
    module: str
    kind: str
    options: Mapping[str, Any]

    def build(self, seed: int) -> Any:
        """An untrained scikit-learn estimator.

        Raises:
            MissingExtraError: scikit-learn is not installed.
        """
        from importlib import import_module

        try:
            module = import_module(f"sklearn.{self.module}")
        except ImportError:
            raise MissingExtraError("scikit-learn is not installed: pip install 'fairshare[eval]'") from None
        return getattr(module, self.kind)(**self.options, random_state=seed)


_ALL = (
    Classifier(
        name="logistic_regression",
        title="logistic regression",
        reads="indicators",
        module="linear_model",
        kind="LogisticRegression",
        options={"max_iter": 300, "tol": 1e-3},
    ),
    Classifier(
        name="random_forest",
        title="random forest",
        reads="ordinals",
        module="ensemble",
        kind="RandomForestClassifier",
        options={"n_estimators": 100, "n_jobs": 2},
    ),
    Classifier(
        name="gradient_boosting",
        title="gradient boosting",
        reads="ordinals",
        module="ensemble",
        kind="HistGradientBoostingClassifier",
        options={"learning_rate": 0.2, "max_iter": 50},
    ),
    Classifier(
        name="mlp",
        title="multi-layer perceptron",
        reads="indicators",
        module="neural_network",
        kind="MLPClassifier",
        options={
            "hidden_layer_sizes": (32,),
            "batch_size": 512,
            "learning_rate_init": 0.005,
            # An epoch of a small table is a few steps: stop when the loss does, not after a number of epochs.
            "max_iter": 200,
            "tol": 2e-3,
            "n_iter_no_change": 3,
        },
    ),
)

#: Every classifier, by name.
CLASSIFIERS: Mapping[str, Classifier] = MappingProxyType({c.name: c for c in _ALL})


def chosen(names: tuple[str, ...] | None) -> tuple[Classifier, ...]:
    """The classifiers of these names; all of them for None.

    Raises:
        UsageError: a name is unknown.
    """
    names = tuple(CLASSIFIERS) if names is None else names
    if unknown := [name for name in names if name not in CLASSIFIERS]:
        raise UsageError(f"classifiers ({unknown}) must be among {list(CLASSIFIERS)}")
    return tuple(CLASSIFIERS[name] for name in dict.fromkeys(names))


@dataclass(frozen=True)
class Fitted:
    """A trained classifier."""

    classifier: Classifier
    estimator: Any
    features: Features

    def probability(self, codes: Codes) -> npt.NDArray[np.float64]:
        """Probability of the positive outcome for each row, shape (rows,)."""
        matrix = getattr(self.features, self.classifier.reads)(codes)
        with _one_thread():
            return np.asarray(self.estimator.predict_proba(matrix)[:, 1], dtype=np.float64)


def _one_thread() -> AbstractContextManager[Any]:
    """No threads inside linear algebra and boosting: their pieces of work are small, so that on a busy machine
    threads spend most of their time waiting for each other (measured: 62 s instead of 8).
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def fit(classifier: Classifier, features: Features, codes: Codes, positive: npt.NDArray[np.bool_], seed: int) -> Fitted:
    """Train one classifier.

    Args:
        classifier: which.
        features: how it reads the codes.
        codes: the rows to learn from.
        positive: whether each row's outcome is positive, shape (rows,).
        seed: of its random choices.

    Raises:
        DataError: the rows hold one outcome only.
        MissingExtraError: scikit-learn is not installed.
    """
    if positive.all() or not positive.any():
        raise DataError("the rows to learn from hold one outcome only, so there is nothing to learn")
    estimator = classifier.build(seed)
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(), _one_thread():
        # A fixed number of rounds is part of the definition here, not a sign of trouble.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(getattr(features, classifier.reads)(codes), positive)
    if "n_jobs" in classifier.options:
        # Trees that vote in parallel add up in any order, and the last digit would change from run to run.
        estimator.set_params(n_jobs=1)
    return Fitted(classifier, estimator, features)
