"""What a stored certificate and ledger must hold: each field that a reader uses, in the type that it relies on.

A release may be a stranger's, with every hash made right. Its readers (``verify``, the report, the statement, a run
that is resumed) take fields as they find them, so both documents are checked once, where they are loaded. What no
reader uses is let through: it may be of a later version.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fairshare.errors import IntegrityError
from fairshare.privacy import Relation

__all__ = ["check_certificate", "check_ledger"]

_Names = list[str]
_NanoRho = Annotated[int, Field(ge=0, le=2**62)]
_Positive = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class _Promise(_Part):
    """What both documents say of the promise."""

    epsilon: Annotated[float, Field(gt=0, le=64)]
    delta: Annotated[float, Field(gt=0, lt=1)]
    relation: Relation
    max_rows: Annotated[int, Field(ge=1, le=2**20)]


class _Privacy(_Promise):
    rho: _Positive
    unit: str
    noise: str
    secure_noise: bool
    ledger_head: str
    nano_rho_spent: _NanoRho
    nano_rho_unspent: _NanoRho


class _Mechanism(_Part):
    name: str


class _Schema(_Part):
    digest: str
    unreviewed: _Names


class _Model(_Part):
    cliques: list[_Names]
    fit: str
    iterations: int


class _Bound(_Part):
    columns: Annotated[_Names, Field(min_length=1)]
    l1: Annotated[float, Field(ge=0)]
    basis: str


class _Uncertainty(_Part):
    confidence: Annotated[float, Field(gt=0, lt=1)]
    codes_merged_in: _Names
    bounds: list[_Bound]


class _Proxy(_Part):
    attribute: str
    outcome: str
    message: str


class _Fairness(_Part):
    protected: _Names
    admissible: _Names
    outcome: _Names
    policy: str
    saturate: bool
    fair: bool
    interventions: bool | None
    proxies: list[_Proxy]


class _Consortium(_Part):
    plan: str
    security: str
    noise: str
    partition: Literal["horizontal", "vertical", "mixed"]
    servers: _Names
    holders: _Names
    driver: str
    trust: str
    leaks: str


class _Certificate(_Part):
    made_by: str
    made_on: str
    promise: str
    privacy: _Privacy
    mechanism: _Mechanism
    schema_: Annotated[_Schema, Field(alias="schema")]
    model: _Model
    uncertainty: _Uncertainty | None
    fairness: _Fairness | None
    consortium: _Consortium | None = None
    warnings: _Names


class _Entry(_Part):
    nano_rho: _NanoRho


class _Measured(_Entry):
    call: Literal["measure"]
    cliques: Annotated[list[_Names], Field(min_length=1)]
    sigmas: list[_Positive]

    @model_validator(mode="after")
    def _one_each(self) -> "_Measured":
        if len(self.sigmas) != len(self.cliques):
            raise ValueError("one sigma for each clique")
        return self


class _Selected(_Entry):
    call: Literal["select"]
    candidates: Annotated[int, Field(ge=1, le=2**62)]
    epsilon: _Positive


class _Scored(_Entry):
    call: Literal["score"]
    candidates: list[_Names]
    sigma: _Positive


class _Ledger(_Part):
    promise: _Promise
    unit: str
    accountant: str
    nano_rho_total: Annotated[int, Field(ge=1, le=2**62)]
    nano_rho_spent: _NanoRho
    nano_rho_unspent: _NanoRho
    epsilon_spent_at_delta: Annotated[float, Field(ge=0)]
    entries: list[Annotated[_Measured | _Selected | _Scored, Field(discriminator="call")]]
    head: str


def check_certificate(content: Any) -> None:
    """Refuse what is not a certificate.

    Raises:
        IntegrityError: a field that readers use is missing, or of another type or range.
    """
    _check(_Certificate, content, "certificate.json")


def check_ledger(content: Any) -> None:
    """Refuse what is not the account of a run.

    Raises:
        IntegrityError: a field that readers use is missing, or of another type or range.
    """
    _check(_Ledger, content, "ledger.json")


def _check(form: type[_Part], content: Any, name: str) -> None:
    try:
        form.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise IntegrityError(f"{name} was changed, at {place}: {first['msg']}; restore it from a copy") from None
