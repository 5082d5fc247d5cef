"""What PreFair's authors printed: outputs of their repository's notebooks, from which the paper's figures are drawn.

Of their metrics the fairness ones compare sexes; the conditional ones are of the unmatched form. The classifiers are a
linear regression, a random forest of 200 regression trees and a network of four layers, all on raw codes, rounded at
one half. COMPAS's notebook is not in the repository's snapshots.
"""

__all__ = ["METRICS", "PRINTED", "RATIOS"]

METRICS = ("accuracy", "dp", "tprb", "tnrb", "cdp_unmatched", "ctprb_unmatched", "ctnrb_unmatched")

#: Adult: (mechanism, classifier, epsilon) -> METRICS. ``Evaluations.ipynb``.
PRINTED = {
    ("MST", "logistic_regression", 0.1): (0.7607, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("MST", "logistic_regression", 1.0): (0.7781, 0.0229, 0.0408, 0.0027, 0.0355, 0.0562, 0.0044),
    ("MST", "logistic_regression", 10.0): (0.7898, 0.0493, 0.0647, 0.0144, 0.0770, 0.0946, 0.0228),
    ("Greedy", "logistic_regression", 0.1): (0.7607, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("Greedy", "logistic_regression", 1.0): (0.7720, 0.0119, 0.0141, 0.0003, 0.0180, 0.0228, 0.0004),
    ("Greedy", "logistic_regression", 10.0): (0.7796, 0.0277, 0.0023, 0.0017, 0.0321, 0.0175, 0.0028),
    ("Exponential", "logistic_regression", 0.1): (0.7613, 0.0005, 0.0011, 0.0, 0.0008, 0.0015, 0.0),
    ("Exponential", "logistic_regression", 1.0): (0.7605, 0.0005, 0.0004, 0.0005, 0.0008, 0.0006, 0.0007),
    ("Exponential", "logistic_regression", 10.0): (0.7786, 0.0381, 0.0509, 0.0052, 0.0492, 0.0636, 0.0083),
    ("MST", "random_forest", 0.1): (0.7426, 0.1647, 0.1194, 0.1417, 0.1585, 0.1139, 0.1381),
    ("MST", "random_forest", 1.0): (0.7814, 0.1501, 0.0504, 0.1068, 0.1584, 0.0643, 0.1017),
    ("MST", "random_forest", 10.0): (0.7958, 0.1520, 0.0498, 0.0982, 0.1682, 0.0735, 0.0936),
    ("Greedy", "random_forest", 0.1): (0.7393, 0.0254, 0.0273, 0.0130, 0.0234, 0.0268, 0.0124),
    ("Greedy", "random_forest", 1.0): (0.7839, 0.0481, 0.0180, 0.0050, 0.0614, 0.0168, 0.0053),
    ("Greedy", "random_forest", 10.0): (0.7976, 0.0589, 0.0157, 0.0043, 0.0792, 0.0213, 0.0047),
    ("MST", "mlp", 0.1): (0.7612, 0.0061, 0.0468, 0.0029, 0.0036, 0.0438, 0.0011),
    ("MST", "mlp", 1.0): (0.8024, 0.0564, 0.0264, 0.0173, 0.0850, 0.0401, 0.0260),
    ("MST", "mlp", 10.0): (0.8094, 0.0706, 0.0198, 0.0234, 0.1089, 0.0588, 0.0362),
    ("Greedy", "mlp", 0.1): (0.7626, 0.0052, 0.0058, 0.0012, 0.0060, 0.0059, 0.0015),
    ("Greedy", "mlp", 1.0): (0.8015, 0.0364, 0.0179, 0.0018, 0.0551, 0.0103, 0.0030),
    ("Greedy", "mlp", 10.0): (0.8088, 0.0472, 0.0178, 0.0025, 0.0724, 0.0176, 0.0046),
}

#: Greedy over MST at epsilon 1, the network's: table -> TVD 1-way, TVD 2-way, ACD, then METRICS. The last cells of
#: ``Evaluations.ipynb`` and ``Evaluations-KDD.ipynb``. ACD is the one of their code.
RATIOS = {
    "adult": (1.0058, 1.0609, 1.0340, 0.9988, 0.6446, 0.6790, 0.1021, 0.6482, 0.2579, 0.1170),
    "kdd": (1.0140, 1.0085, 1.0431, 0.9961, 4.4269, 3.1408, 4.0967, 4.4270, 3.1408, 4.0981),
}
