"""The tables in the box, with reviewed schemas; each is read when its loader is called."""

from fairshare.datasets.compas import load_compas
from fairshare.datasets.packaged import load_adult, load_german_credit
from fairshare.datasets.table import Dataset

__all__ = ["Dataset", "load_adult", "load_compas", "load_german_credit"]
