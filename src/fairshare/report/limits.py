"""What a release does not promise, said as plainly as what it does."""

from fairshare.release import Release

__all__ = ["limits", "private_limits"]


def limits(release: Release) -> list[dict[str, str]]:
    """Each limit with a heading; those that depend on the release carry its numbers."""
    privacy, claimed = release.certificate["privacy"], release.certificate.get("fairness")
    whose = "row" if privacy["max_rows"] == 1 else "person"
    told = [
        ("It hides rows, not facts", _FACTS),
        (
            "It counts this release only",
            f"Other releases from the same {'rows' if whose == 'row' else 'people'} add to what can be learnt; their "
            "epsilons add up. This page counts one run.",
        ),
        ("The schema is public", _SCHEMA),
    ]
    if whose == "row":
        told.append(("The unit is a row", _ROW))
    told.append(("Small counts are noise", _small(release)))
    told.append(("What was not counted is guessed", _GUESSED))
    if claimed is not None:
        told.append(("Fair in the table is not fair in the world", _FAIR))
    told.append(("Nobody is in the table", _NOBODY))
    told.append(("The machine was not watched", _MACHINE))
    return [{"title": title, "text": text} for title, text in told]


def private_limits() -> list[dict[str, str]]:
    """What a reader of real figures must know."""
    return [
        {
            "title": "This page is not private",
            "text": "It shows figures of the real table without noise. No epsilon covers them. Keep it with the holder "
            "of the data; to publish, make the page of the release alone.",
        },
        {
            "title": "Attacks that failed prove nothing",
            "text": "Distances to the closest record and membership attacks are smoke tests: a bad value is a fault, a "
            "good value is no guarantee. The guarantee is the promise, and it comes from the noise.",
        },
    ]


def _small(release: Release) -> str:
    sigmas = [
        sigma
        for entry in release.ledger["entries"]
        if entry["call"] == "measure"
        for clique, sigma in zip(entry["cliques"], entry["sigmas"], strict=True)
        if len(clique) > 1
    ]
    many = "Rare values and rare combinations are blurred on purpose."
    if not sigmas:
        return many
    return (
        f"{many} A combination that was counted with the least noise is uncertain by about ±{2 * min(sigmas):,.0f} "
        "rows; whatever is smaller than that may be noise alone."
    )


_FACTS = (
    "That a habit harms, or that a group earns less, stays visible, whoever is in the table. The promise is that it "
    "would be visible all the same without you."
)
_SCHEMA = (
    "Column names, categories, bounds and bins are outside the promise. They were declared, not measured; whatever "
    "their author put there is in the table."
)
_ROW = (
    "Somebody with several rows is protected less: each row counts. Name a person column in the schema to protect "
    "people instead."
)
_GUESSED = (
    "Columns that share no line in the graph are related only through the columns between them. Do not use the table "
    "to study a relation that was never counted."
)
_FAIR = (
    "The verdict is about the law that the rows were drawn from, given the roles that somebody chose. A model trained "
    "on the table may still treat groups unequally in real rows, through admissible columns or others that stand in "
    "for them. Whether a column is admissible is a judgement, not a measurement."
)
_NOBODY = "No row is a person. Do not decide about anybody by looking up a row that resembles them."
_MACHINE = (
    "How long the run took and what it did in memory is not covered, no outsider has reviewed the program, and hashes "
    "show changes by accident, not by somebody who can make all of them again."
)
