"""What the model's tokens cost. Pure: standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKENS = 1_000_000
"""A price is for so many tokens."""

_PRICE = re.compile(r"input=(\d{1,6}(?:\.\d{1,6})?)\s+output=(\d{1,6}(?:\.\d{1,6})?)", re.ASCII)


@dataclass(frozen=True)
class Price:
    """For a million tokens each, in any currency."""

    input: float
    output: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """In the price's currency."""
        return (input_tokens * self.input + output_tokens * self.output) / TOKENS


def parse(text: str) -> Price | None:
    """The price in text such as "input=0.15 output=0.6"; None without one.

    Raises ``ValueError`` that gives the format.
    """
    if not text.strip():
        return None
    matched = _PRICE.fullmatch(text.strip())
    if matched is None:
        raise ValueError(
            f"input=NUMBER output=NUMBER, the prices of a million tokens, not {text!r}"
        )
    return Price(float(matched[1]), float(matched[2]))
