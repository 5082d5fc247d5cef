"""What is asked, in which order: public control flow that never sees a record."""

from fairshare.mechanisms.aim import AIM
from fairshare.mechanisms.base import Mechanism, Outcome, Progress, Step
from fairshare.mechanisms.mst import MST
from fairshare.mechanisms.mwem import MWEM
from fairshare.mechanisms.privbayes import PrivBayes
from fairshare.mechanisms.swift import SWIFT
from fairshare.mechanisms.uncertainty import Bound, error_bounds

__all__ = [
    "AIM",
    "MST",
    "MWEM",
    "SWIFT",
    "Bound",
    "Mechanism",
    "Outcome",
    "PrivBayes",
    "Progress",
    "Step",
    "error_bounds",
]
