"""Bars with marks for a decision: similarity, lead and confidence against their thresholds.

Pure: from values of a decision's payload to numbers and texts for a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.decision.decision import is_near_tie
from assistant.decision.policy import MIN_LEAD, POLICY_ITSELF

LEAD_SCALE = 0.5
"""The lead at the full length of its bar: leads are rarely larger, and margins are about 0.1."""


@dataclass(frozen=True)
class Mark:
    """A threshold on a bar. ``at``: 0 to 100, percent of the bar's length."""

    label: str
    value: float
    at: float
    reached: bool
    dashed: bool = False

    @property
    def verdict(self) -> str:
        return "reached" if self.reached else "not reached"


@dataclass(frozen=True)
class Gauge:
    """One value and its marks. ``width``: 0 to 100, percent of the bar's length."""

    name: str
    value: float
    width: float
    marks: tuple[Mark, ...]
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the value reaches the last mark, which is the decisive one."""
        return self.marks[-1].reached

    @property
    def text(self) -> str:
        """The bar in words, such as ``Similarity 0.815: threshold 0.70 reached``."""
        marks = ", ".join(f"{mark.label} {mark.value:.2f} {mark.verdict}" for mark in self.marks)
        return f"{self.name} {self.value:.3f}: {marks}"


def gauges(decided: Mapping[str, Any], policy: Mapping[str, Any]) -> list[Gauge]:
    """The bars of a decision, or of one sentence of it.

    ``decided`` and ``policy`` have the form of ``Decision.as_dict()`` and ``Policy.numbers()``.
    Empty if there is no closest FAQ. There is no bar for the lead without another FAQ, and none for
    the confidence without a fitted policy.
    """
    similarity = decided["features"]["similarity"]
    if similarity is None:
        return []
    threshold_label = f"threshold{_origin(decided['threshold_from'])}"
    threshold = decided["threshold"]
    bars = [Gauge("Similarity", similarity, *_scaled(similarity, (threshold_label, threshold)))]
    lead = decided["lead"]
    if lead is not None:
        margin_label = f"margin{_origin(decided['margin_from'])}"
        margin = (margin_label, decided["margin"])
        bars.append(Gauge("Lead", lead, *_scaled(lead, margin, scale=LEAD_SCALE)))
    confidence, answer_at = decided["confidence"], policy.get("answer_at")
    if confidence is not None and answer_at is not None:
        marks = (("asks to clarify from", policy["ask_at"]), ("answers from", answer_at))
        note = _confidence_note(decided)
        bars.append(Gauge("Confidence", confidence, *_scaled(confidence, *marks), note=note))
    return bars


def percent(value: float, scale: float = 1.0) -> float:
    """Percent of a bar of length ``scale``, 0 to 100, with one decimal."""
    return round(max(min(value / scale, 1.0), 0.0) * 100, 1)


def _scaled(
    value: float, *marks: tuple[str, float], scale: float = 1.0
) -> tuple[float, tuple[Mark, ...]]:
    last = len(marks) - 1
    scaled = (
        Mark(label, at, percent(at, scale), value >= at, dashed=number < last)
        for number, (label, at) in enumerate(marks)
    )
    return percent(value, scale), tuple(scaled)


def _origin(level: str) -> str:
    return "" if level == POLICY_ITSELF else f" of the {level.replace('faq', 'FAQ')}"


def _confidence_note(decided: Mapping[str, Any]) -> str:
    """Why the confidence alone cannot answer; empty if it can."""
    if decided["threshold_from"] != POLICY_ITSELF:
        return "This FAQ has its own threshold: a confidence never answers below it."
    lead = decided["lead"]
    if decided["margin_from"] != POLICY_ITSELF and lead is not None and lead < decided["margin"]:
        return "This FAQ has its own margin: a confidence never answers below it."
    if is_near_tie(lead):
        return f"Two FAQs are too close: with a lead below {MIN_LEAD} a confidence never answers."
    return ""
