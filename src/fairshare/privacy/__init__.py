"""Events, ledger, conversions, calibration, exact noise: the only place with budget arithmetic."""

from fairshare.privacy.budget import NANO, Budget
from fairshare.privacy.calibration import epsilon_for, score_sigma_for, sigma_for
from fairshare.privacy.durable import DurableLedger, Run
from fairshare.privacy.durable_history import History, RunAccount
from fairshare.privacy.entropy import Entropy, OsEntropy
from fairshare.privacy.events import Event, MeasureEvent, Sampled, ScoreEvent, SelectEvent, nano_rho
from fairshare.privacy.ledger import Entry, Ledger, chain_hash, replay_head
from fairshare.privacy.noise import Noise, OpenDPNoise, TableNoise
from fairshare.privacy.unit import PrivacyUnit, Relation
from fairshare.privacy.zcdp import delta_of_rho, epsilon_of_rho, rho_of, rho_of_mironov

__all__ = [
    "NANO",
    "Budget",
    "DurableLedger",
    "Entropy",
    "Entry",
    "Event",
    "History",
    "Ledger",
    "MeasureEvent",
    "Noise",
    "OpenDPNoise",
    "OsEntropy",
    "PrivacyUnit",
    "Relation",
    "Run",
    "RunAccount",
    "Sampled",
    "ScoreEvent",
    "SelectEvent",
    "TableNoise",
    "chain_hash",
    "delta_of_rho",
    "epsilon_for",
    "epsilon_of_rho",
    "nano_rho",
    "replay_head",
    "rho_of",
    "rho_of_mironov",
    "score_sigma_for",
    "sigma_for",
]
