"""What falls to the owned parts of a bundle, and what living in a country takes off."""

from collections.abc import Sequence
from dataclasses import dataclass

from xingtan.core.money import Money, zero


@dataclass(frozen=True, slots=True)
class BundlePart:
    """A part of a bundle: `weight` is its standing price in minor units (0 where it has none)."""

    weight: int
    is_owned: bool


def owned_share(price: Money, parts: Sequence[BundlePart]) -> Money:
    """Return what of a bundle's price falls to the owned parts, in proportion to the parts' standing prices.

    Where no part has a price, all weigh the same. Nothing for what is no bundle.
    """
    if not parts:
        return zero(price.currency)
    weights = [part.weight for part in parts]
    shares = price.split(weights if any(weights) else [1] * len(parts))
    owned = (share for share, part in zip(shares, parts, strict=True) if part.is_owned)
    return sum(owned, start=zero(price.currency))
