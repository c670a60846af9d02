"""Whether a decision made at a glance would be the same with the exact vector.

Pure: standard library only. A glance is a vector computed in whole numbers of 8 bits, see
``bert_glance``: the similarities it gives are a little off. So a decision rests on it only where
it has room for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.decision import Decision, Match, Reason, decide
from assistant.policy import Policy

SLACK = 0.0075
"""By how much a similarity, and a lead with it, may be off. On 2,800 questions of five sets 95 of
100 were off by less, and no decision that had this much room was another one."""

VOTE_SLACK = 0.85
"""By which factor the vote of a release's classifier may be off: 99 of 100 were off by less."""


def is_clear(decision: Decision, policy: Policy) -> bool:
    """Whether its reason and its first FAQ stay though that FAQ's match be better or worse."""
    if decision.reason in {Reason.EXACT, Reason.NO_MATCH}:
        return True
    first, *others = decision.ranked
    return all(
        (again.reason, again.ranked[0].faq_id) == (decision.reason, first.faq_id)
        for again in (decide(matches, policy) for matches in _moved(first, _rivals(others)))
    )


def _rivals(others: Sequence[Match]) -> list[Match]:
    """Whom the first is measured against: the most similar one, and the likeliest."""
    if not others:
        return []
    likeliest = others[0]
    closest = max(others, key=lambda match: match.similarity)
    return [likeliest] if closest is likeliest else [likeliest, closest]


def _moved(first: Match, rivals: Sequence[Match]) -> Iterator[list[Match]]:
    """With the first match worse, then better, than it looked."""
    for similarity, vote in ((-SLACK, VOTE_SLACK), (SLACK, 1 / VOTE_SLACK)):
        moved = replace(
            first,
            similarity=first.similarity + similarity,
            vote=None if first.vote is None else min(first.vote * vote, 1.0),
        )
        yield [moved, *rivals]
