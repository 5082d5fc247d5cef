"""The algebra of marginals: domains, cliques, workloads. No data."""

from fairshare.marginals.domain import Clique, Domain
from fairshare.marginals.workload import all_k_way, downward_closure, overlap_weights

__all__ = ["Clique", "Domain", "all_k_way", "downward_closure", "overlap_weights"]
