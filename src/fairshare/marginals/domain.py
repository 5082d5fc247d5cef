"""The discrete domain that marginals live on: attributes in a fixed order, each with a number of codes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

from fairshare.errors import UsageError

__all__ = ["Clique", "Domain"]

#: A set of attributes, written as a tuple in domain order.
Clique = tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """Attributes and their sizes.

    Attributes:
        attributes: names, in the order of the schema's columns; unique.
        shape: number of codes of each attribute, at least 1.

    Raises:
        UsageError: names repeat, lengths differ, or a size is below 1.
    """

    attributes: tuple[str, ...]
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.attributes) != len(self.shape):
            raise UsageError(f"a domain needs one size per attribute, got {len(self.attributes)} and {len(self.shape)}")
        if len(set(self.attributes)) != len(self.attributes):
            raise UsageError("a domain's attributes must have different names")
        for name, size in zip(self.attributes, self.shape, strict=True):
            if size < 1:
                raise UsageError(f"size of {name!r} ({size}) must be at least 1")

    @classmethod
    def from_sizes(cls, sizes: Mapping[str, int]) -> "Domain":
        """The domain with these attributes and sizes, in the mapping's order."""
        return cls(tuple(sizes), tuple(int(size) for size in sizes.values()))

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each attribute."""
        return {name: i for i, name in enumerate(self.attributes)}

    def __len__(self) -> int:
        return len(self.attributes)

    def __contains__(self, attribute: object) -> bool:
        return attribute in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.attributes)

    def size_of(self, attribute: str) -> int:
        """Number of codes of one attribute."""
        return self.shape[self.axis(attribute)]

    def axis(self, attribute: str) -> int:
        """Position of one attribute.

        Raises:
            UsageError: the domain has no such attribute.
        """
        try:
            return self.index[attribute]
        except KeyError:
            raise UsageError(f"attribute {attribute!r} is not in the domain; it has {list(self.attributes)}") from None

    def clique(self, attributes: Iterable[str]) -> Clique:
        """These attributes as a clique: unique, in domain order."""
        return tuple(sorted(set(attributes), key=self.axis))

    def sizes(self, clique: Iterable[str]) -> tuple[int, ...]:
        """Sizes of these attributes, in the given order."""
        return tuple(self.size_of(a) for a in clique)

    def cells(self, clique: Iterable[str]) -> int:
        """Number of cells of the marginal over these attributes (1 for none)."""
        return prod(self.sizes(clique))

    def project(self, attributes: Iterable[str]) -> "Domain":
        """The domain of these attributes only, in domain order."""
        clique = self.clique(attributes)
        return Domain(clique, self.sizes(clique))
