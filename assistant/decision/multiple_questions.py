"""Decide about a message that asks more than one question.

Pure: standard library only. Each question is decided by itself, and so is the message as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.decision.decision import Decision, Match, Part, Reason


def combine(whole: Decision, parts: Sequence[Part]) -> Decision:
    """Ask back with what answers each question, or answer the one that can be answered.

    ``parts`` as ``question.split`` returns them; with fewer than two, ``whole`` decides. A decision
    that answers one of several questions names it in ``part``: the reply must say that it is not
    about the others.
    """
    if len(parts) < 2 or whole.reason is Reason.EXACT:
        return whole
    answered = _distinct([part.decision.chosen for part in parts])
    if len(answered) > 1:
        return _ask_back(whole, answered, parts)
    if answered:
        part = next(part for part in parts if part.decision.chosen)
        return replace(part.decision, part=part.question, parts=tuple(parts))
    offered = _distinct(
        [part.decision.closest if part.decision.options else None for part in parts]
    )
    if whole.chosen or len(offered) < 2:
        return replace(whole, parts=tuple(parts))
    return _ask_back(whole, offered, parts)


def _ask_back(whole: Decision, first: Sequence[Match], parts: Sequence[Part]) -> Decision:
    named = {match.faq_id for match in first}
    others = [match for match in whole.ranked if match.faq_id not in named]
    return replace(
        whole,
        reason=Reason.SEVERAL_QUESTIONS,
        ranked=(*first, *others),
        bounds=None,
        parts=tuple(parts),
    )


def _distinct(matches: Sequence[Match | None]) -> list[Match]:
    """One match for each FAQ, in the order of the questions."""
    by_faq: dict[str, Match] = {}
    for match in matches:
        if match is not None:
            by_faq.setdefault(match.faq_id, match)
    return list(by_faq.values())
