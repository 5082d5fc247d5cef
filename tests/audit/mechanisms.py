"""Every mechanism registers here, with the knobs that change its control flow; the audit suite runs them all."""

from fairshare.mechanisms import AIM, MST, MWEM, SWIFT, PrivBayes

MECHANISMS = {
    "mst": MST(),
    "mst, no compression": MST(compress_below=0.0),
    "aim": AIM(rounds=12),
    "aim, few rounds": AIM(rounds=1, workload=2),
    "aim, small model": AIM(rounds=12, max_model_mb=0.0002),
    "mwem": MWEM(),
    "mwem, one round": MWEM(rounds=1),
    "swift": SWIFT(),
    "swift, as published": SWIFT(batches=1, one_way_share=0.1, score_share=0.1),
    "privbayes": PrivBayes(),
    "privbayes, one parent": PrivBayes(max_parents=1, theta=100.0),
}
