"""What a driver asks of a server, and what the server answers: frozen, and with one encoding each.

A request carries everything public that its answer needs, maps to coarser codes included, so that servers keep no state
between calls but their shares and their ledger. Decoding checks form only; ``terms`` judges content.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import (
    BudgetError,
    DataError,
    FairshareError,
    InternalError,
    PeerError,
    UsageError,
)
from fairshare.marginals import Clique
from fairshare.mpc.encoding import decode, encode

__all__ = [
    "REQUEST_LIMIT",
    "Answer",
    "Finish",
    "Measure",
    "Offers",
    "Refusal",
    "Request",
    "Score",
    "Select",
    "reply_from_bytes",
    "request_from_bytes",
]

#: Most bytes of a request or an answer.
REQUEST_LIMIT = 1 << 28

#: For some attributes, the new code of each old code.
Maps = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """Noisy counts of marginals.

    Attributes:
        cliques: in the domain's order.
        sigmas: one for each clique.
        maps: coarser codes, applied before.
    """

    cliques: tuple[Clique, ...]
    sigmas: tuple[float, ...]
    maps: Maps = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The request's one encoding."""
        body = {"call": "measure", "cliques": _lists(self.cliques), "sigmas": list(self.sigmas)}
        return _encode(body, self.maps, [])


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """Candidates of a selection or a scoring.

    Attributes:
        cliques: in the domain's order.
        estimates: public counts of all their cells, in grains, one clique after the other, shape (cells,).
        weights: one for each clique.
        penalties: one for each clique, in grains (eighths of a row).
    """

    cliques: tuple[Clique, ...]
    estimates: NDArray[np.int64]
    weights: tuple[int, ...]
    penalties: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Select:
    """One candidate by the exponential mechanism.

    Attributes:
        offers: the candidates.
        epsilon: of the mechanism.
        maps: coarser codes, applied before.
    """

    offers: Offers
    epsilon: float
    maps: Maps = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The request's one encoding."""
        return _encode(
            {"call": "select", "epsilon": self.epsilon, **_offers(self.offers)}, self.maps, [self.offers.estimates]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """A noisy score of each candidate.

    Attributes:
        offers: the candidates.
        sigma: of the noise, in rows.
        maps: coarser codes, applied before.
    """

    offers: Offers
    sigma: float
    maps: Maps = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The request's one encoding."""
        return _encode(
            {"call": "score", "sigma": self.sigma, **_offers(self.offers)}, self.maps, [self.offers.estimates]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Finish:
    """No more calls: servers forget their shares."""

    def to_bytes(self) -> bytes:
        """The request's one encoding."""
        return _encode({"call": "finish"}, {}, [])


Request = Measure | Select | Score | Finish


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What was opened; public and differentially private.

    Attributes:
        values: noisy counts of all cells, one candidate's index, noisy scores in grains, or nothing; shape (n,).
        head: hash of this server's ledger after the call.
    """

    values: NDArray[np.int64]
    head: str

    def to_bytes(self) -> bytes:
        """The answer's one encoding."""
        return encode({"head": self.head}, [self.values.astype("<i8", copy=False)])


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a server did not answer.

    Attributes:
        kind: name of an error of ``fairshare.errors``.
        message: for a person; holds public values only.
    """

    kind: str
    message: str

    def to_bytes(self) -> bytes:
        """The refusal's one encoding."""
        return encode({"kind": self.kind, "message": self.message})

    @classmethod
    def of(cls, error: FairshareError) -> "Refusal":
        """An error as a refusal."""
        return cls(kind=type(error).__name__, message=str(error))

    @property
    def error(self) -> FairshareError:
        """The refusal as an error again."""
        known = {e.__name__: e for e in (BudgetError, DataError, InternalError, PeerError, UsageError)}
        return known.get(self.kind, PeerError)(self.message)


def request_from_bytes(data: bytes, *, limit: int = REQUEST_LIMIT) -> Request:
    """Decode a request.

    Raises:
        PeerError: it is malformed.
    """
    body, arrays = decode(data, limit=limit)
    try:
        call = body["call"]
        carried = 1 if call in ("select", "score") else 0
        maps = dict(zip(_texts(body["maps"]), arrays[carried:], strict=True))
        request = _request(call, body, arrays[:carried], maps)
        canonical = request.to_bytes() == data
    except (KeyError, ValueError, TypeError, IndexError):
        raise PeerError("request is malformed; are all versions the same?") from None
    if not canonical or any(a.ndim != 1 or a.dtype != np.int64 for a in arrays):
        raise PeerError("request is malformed: it has unknown fields; are all versions the same?")
    return request


def reply_from_bytes(data: bytes, *, limit: int = REQUEST_LIMIT) -> Answer | Refusal:
    """Decode an answer or a refusal.

    Raises:
        PeerError: it is malformed.
    """
    body, arrays = decode(data, limit=limit)
    if set(body) == {"kind", "message"} and not arrays and all(isinstance(v, str) for v in body.values()):
        return Refusal(kind=body["kind"], message=body["message"])
    well_formed = len(arrays) == 1 and arrays[0].ndim == 1 and arrays[0].dtype == np.int64
    if set(body) == {"head"} and isinstance(body["head"], str) and well_formed:
        return Answer(values=arrays[0], head=body["head"])
    raise PeerError("answer is malformed; are all versions the same?")


def _request(call: str, body: dict[str, Any], arrays: list[NDArray[np.int64]], maps: Maps) -> Request:
    if call == "measure":
        return Measure(cliques=_cliques(body["cliques"]), sigmas=_numbers(body["sigmas"], float), maps=maps)
    if call == "finish":
        return Finish()
    offers = Offers(
        cliques=_cliques(body["cliques"]),
        estimates=arrays[0],
        weights=_numbers(body["weights"], int),
        penalties=_numbers(body["penalties"], int),
    )
    if call == "select":
        return Select(offers=offers, epsilon=_number(body["epsilon"], float), maps=maps)
    if call == "score":
        return Score(offers=offers, sigma=_number(body["sigma"], float), maps=maps)
    raise ValueError


def _encode(body: dict[str, Any], maps: Maps, arrays: list[NDArray[np.int64]]) -> bytes:
    names = sorted(maps)
    carried = [*arrays, *(maps[name] for name in names)]
    return encode({**body, "maps": names}, [np.asarray(a).astype("<i8", copy=False) for a in carried])


def _offers(offers: Offers) -> dict[str, Any]:
    return {
        "cliques": _lists(offers.cliques),
        "weights": list(offers.weights),
        "penalties": list(offers.penalties),
    }


def _lists(cliques: tuple[Clique, ...]) -> list[list[str]]:
    return [list(c) for c in cliques]


def _cliques(value: Any) -> tuple[Clique, ...]:
    return tuple(_texts(v) for v in _list(value))


def _texts(value: Any) -> tuple[str, ...]:
    if not all(isinstance(v, str) for v in _list(value)):
        raise TypeError
    return tuple(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


N = TypeVar("N", int, float)


def _numbers(value: Any, kind: type[N]) -> tuple[N, ...]:
    return tuple(_number(v, kind) for v in _list(value))


def _number(value: Any, kind: type[N]) -> N:
    if type(value) is not kind:
        raise TypeError
    return value
