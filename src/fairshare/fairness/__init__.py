"""Justifiable fairness as a filter on public candidates: roles, criterion, fair trees, certificate. No data."""

from fairshare.fairness.certificate import Certificate, ProxyWarning, certify, fairness_of, proxies, verify
from fairshare.fairness.explain import RoleNote, explain_roles
from fairshare.fairness.graph import Candidates, FairGraph, allows
from fairshare.fairness.roles import Fairness, Policy, Role, Roles
from fairshare.fairness.sampling import SamplingOrder, check_sampling_order, elimination_cliques, sampling_order
from fairshare.fairness.separation import Separation, Verdict, separation
from fairshare.fairness.trees import FairTree, fair_tree

__all__ = [
    "Candidates",
    "Certificate",
    "FairGraph",
    "FairTree",
    "Fairness",
    "Policy",
    "ProxyWarning",
    "Role",
    "RoleNote",
    "Roles",
    "SamplingOrder",
    "Separation",
    "Verdict",
    "allows",
    "certify",
    "check_sampling_order",
    "elimination_cliques",
    "explain_roles",
    "fair_tree",
    "fairness_of",
    "proxies",
    "sampling_order",
    "separation",
    "verify",
]
