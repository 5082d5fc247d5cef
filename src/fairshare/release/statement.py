"""The promise of a release as a record for the OpenDP Deployments Registry: YAML, and a draft for people to finish.

Fields and their order are those of the registry's ``deployments-schema.yaml``; what only the publisher can know is
marked TODO. The record holds public and released values only.
"""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["statement"]

_TODO = "TODO"

_SPLIT = {"horizontal": "rows", "vertical": "columns", "mixed": "rows and columns"}

_UNIT = {
    "add-remove": "Two tables are adjacent when one has {who} more than the other; the number of rows is protected.",
    "replace-one": "Two tables are adjacent when {who} differ; the number of rows is the same and not protected.",
}


def statement(certificate: Mapping[str, Any], ledger: Mapping[str, Any]) -> str:
    """The record as YAML.

    Args:
        certificate: the release's certificate.
        ledger: its account.

    Source: OpenDP Deployments Registry, schemas/deployments-schema.yaml; NIST SP 800-226.
    """
    return "\n".join(_yaml(_record(certificate, ledger), 0)) + "\n"


def _record(certificate: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url_slug": _TODO,
        "status": "Draft",
        "tier": 3,
        "deployment": {
            "basic": _basic(certificate),
            "dp_variant": {
                "variant_name": "Approximate DP",
                "data_domain": "Tables over the public schema of SHA-256 " + certificate["schema"]["digest"],
                "unprotected_quantities": _unprotected(certificate),
            },
            "privacy_loss": _privacy_loss(certificate["privacy"]),
            "deployment_model": {
                **_trust(certificate.get("consortium")),
                "release_type": "One release",
                "data_source_type": "Static",
                "access_type": "Non-interactive",
            },
            "accounting": {
                "post_processing": "The model is fitted to noisy counts, and rows are drawn from the model.",
                "composition": ledger["accountant"],
            },
            "implementation": _implementation(certificate, ledger),
            "administrative": {"notes": " ".join(certificate["warnings"]), "registry_authors": [_TODO]},
        },
    }


def _basic(certificate: Mapping[str, Any]) -> dict[str, Any]:
    fair = certificate.get("fairness")
    also = f"; justifiably fair, policy {fair['policy']}" if fair else ""
    return {
        "name": _TODO,
        "data_curators": [_TODO],
        "intended_use": _TODO,
        "data_product_type": "Synthetic data",
        "data_product_region": _TODO,
        "description": f"A synthetic table and its model, {_version(certificate)}{also}. {certificate['promise']}",
        "publication_date": certificate["made_on"],
    }


def _unprotected(certificate: Mapping[str, Any]) -> str:
    quantities = ["the schema (names, categories, bounds, bins)"]
    if certificate["privacy"]["relation"] == "replace-one":
        quantities.append("the number of rows")
    if unreviewed := certificate["schema"]["unreviewed"]:
        quantities.append(f"unreviewed schema values that were taken from the data: {', '.join(unreviewed)}")
    return "; ".join(quantities)


def _trust(consortium: Mapping[str, Any] | None) -> dict[str, str]:
    """Who saw the rows: one curator, or among holders nobody. A simulated consortium is one process that saw all."""
    if consortium is None or consortium.get("simulated"):
        return {
            "model_name": "Central",
            "actors": "The holder of the rows runs the mechanism and is trusted with them. Whoever reads the table, "
            "the model, the certificate or the ledger is trusted with nothing.",
        }
    holders, servers = consortium["holders"], consortium["servers"]
    return {
        "model_name": "Federated",
        "model_name_details": f"{len(holders)} holders of a table that is split by {_SPLIT[consortium['partition']]} "
        f"share their rows secretly among {len(servers)} servers, which compute the noisy answers together "
        f"({consortium['security']}, {consortium['noise']} noise); nobody holds the rows of all.",
        "actors": f"Holders: {', '.join(holders)}. Servers: {', '.join(servers)}. Driver: {consortium['driver']}. "
        f"{consortium['trust']} {consortium['leaks']}",
    }


def _privacy_loss(privacy: Mapping[str, Any]) -> dict[str, Any]:
    rows = privacy["max_rows"]
    who = "one row" if rows == 1 else f"the rows of one person, at most {rows},"
    return {
        "privacy_unit": privacy["unit"],
        "privacy_unit_details": _UNIT[privacy["relation"]].format(who=who),
        "privacy_parameters": {"epsilon": privacy["epsilon"], "delta": privacy["delta"], "rho": privacy["rho"]},
    }


def _implementation(certificate: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    mechanism = certificate["mechanism"]["name"]
    calls = [entry["call"] for entry in ledger["entries"]]
    asked = ", ".join(f"{calls.count(call)} x {call}" for call in dict.fromkeys(calls))
    return {
        "preprocessing_and_hyperparameter_tuning": "Cells are mapped to the codes of a public schema; rows of a person "
        "beyond the unit's number are dropped. Tuning on the data, if there was any, is not in the ledger.",
        "mechanisms": f"{mechanism} ({asked}): discrete Gaussian integer noise on counts and scores, exponential "
        f"mechanism for selection; noise: {certificate['privacy']['noise']}; {_version(certificate)}; "
        f"ledger head {ledger['head']}",
        "justification": _TODO,
    }


def _version(certificate: Mapping[str, Any]) -> str:
    return f"made by {certificate['made_by']}"


def _yaml(content: Mapping[str, Any], depth: int) -> list[str]:
    """Block mappings of scalars and lists of scalars. A JSON string is a YAML string: no quoting rules needed."""
    lines = []
    for key, value in content.items():
        head = f"{'  ' * depth}{key}:"
        if isinstance(value, Mapping):
            lines += [head, *_yaml(value, depth + 1)]
        elif isinstance(value, list):
            lines += [head, *(f"{'  ' * (depth + 1)}- {_scalar(item)}" for item in value)]
        else:
            lines.append(f"{head} {_scalar(value)}")
    return lines


def _scalar(value: Any) -> str:
    # YAML 1.1 reads 1e-09 as text: a number needs a point before its exponent and a sign behind it.
    if isinstance(value, float):
        mantissa, _, exponent = repr(value).partition("e")
        point = mantissa if "." in mantissa else f"{mantissa}.0"
        return f"{point}e{exponent if exponent[0] in '+-' else '+' + exponent}" if exponent else mantissa
    return json.dumps(value, ensure_ascii=True)
