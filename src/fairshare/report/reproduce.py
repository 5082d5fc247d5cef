"""How to cite a release, check it and draw from it again."""

from typing import Any

from fairshare.release import Release

__all__ = ["mechanism_name", "reproduce"]

_PAPERS = {
    "mst": "McKenna, Miklau, Sheldon 2021. Winning the NIST Contest. J. Privacy and Confidentiality 11(3).",
    "aim": "McKenna, Mullins, Sheldon, Miklau 2022. AIM: An Adaptive and Iterative Mechanism. PVLDB 15(11).",
    "swift": "Google 2026. DPSynth (SWIFT).",
    "mwem": "Hardt, Ligett, McSherry 2012. A Simple and Practical Algorithm for Private Data Release. NeurIPS 25.",
    "privbayes": "Zhang, Cormode, Procopiuc, Srivastava, Xiao 2017. PrivBayes. ACM TODS 42(4).",
}
_NAMES = {"mwem": "MWEM+PGM", "privbayes": "PrivBayes"}
_NOISE = "Canonne, Kamath, Steinke 2020. The Discrete Gaussian for Differential Privacy. NeurIPS 33."
_FAIRNESS = "Pujol, Gilad, Machanavajjhala 2023. PreFair. PVLDB 16(6)."


def mechanism_name(release: Release) -> str:
    """The mechanism as its paper spells it."""
    name = str(release.certificate["mechanism"]["name"])
    return _NAMES.get(name, name.upper())


def reproduce(release: Release) -> dict[str, Any]:
    """What identifies the release, and which papers it rests on."""
    certificate = release.certificate
    papers = [_PAPERS.get(certificate["mechanism"]["name"]), _NOISE]
    if certificate.get("fairness") is not None:
        papers.append(_FAIRNESS)
    return {
        "cite": f"Synthetic table made with {certificate['made_by'].split(',')[0]} on {certificate['made_on']}, "
        f"epsilon {certificate['privacy']['epsilon']:g}, ledger {certificate['privacy']['ledger_head'][:16]}.",
        "papers": [paper for paper in papers if paper is not None],
        "seed": release.seed,
        "schema_digest": certificate["schema"]["digest"],
        "ledger_head": certificate["privacy"]["ledger_head"],
        "fit": certificate["model"]["fit"],
        "noise": certificate["privacy"]["noise"],
    }
