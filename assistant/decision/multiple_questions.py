"""Decide about a message of several sentences.

Pure: standard library only. There is a decision about the whole message and about each question.
If it has no question, there is one about each statement: any of them may say what the person wants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.decision.decision import Decision, Part, put_first
from assistant.decision.matches import Match
from assistant.decision.reasons import Reason

MIN_SENTENCES = 3
"""Of a story. Two sentences without a question explain each other."""

MIN_DISTANCE = 0.2
"""The main sentence of a story must be more similar to its FAQ than the others by this much."""


def combine(whole: Decision, parts: Sequence[Part]) -> Decision:
    """Answer each question, or the only one that has an answer; ask back if they disagree.

    A decision that answers one of several sentences has it in ``part``, so that the reply can say
    which one.
    """
    if not parts or whole.reason is Reason.EXACT:
        return whole
    whole = replace(whole, parts=tuple(parts))
    questions = [part for part in parts if part.asks]
    return _of_questions(whole, questions) if questions else _of_statements(whole, parts)


def _of_questions(whole: Decision, questions: Sequence[Part]) -> Decision:
    answers = _distinct(part.decision.chosen for part in questions)
    if len(answers) > 1:
        return put_first(whole, answers, Reason.EACH_QUESTION)
    if answers:
        if whole.chosen and whole.chosen.faq_id != answers[0].faq_id:
            return put_first(whole, [*answers, whole.chosen], Reason.DISAGREEMENT)
        return _answer_part(whole, questions)
    if whole.chosen:
        rival = _rival(whole.chosen, questions)
        return put_first(whole, [rival, whole.chosen], Reason.DISAGREEMENT) if rival else whole
    return _offer(whole, questions)


def _rival(chosen: Match, questions: Sequence[Part]) -> Match | None:
    """The best option of the only question, if ``chosen`` is not among its options.

    A remark may be closer to an FAQ than the question is to any.
    """
    if len(questions) != 1:
        return None
    options = questions[0].decision.options
    if not options or any(option.faq_id == chosen.faq_id for option in options):
        return None
    return options[0]


def _of_statements(whole: Decision, statements: Sequence[Part]) -> Decision:
    main = _main_sentence(statements)
    if main:
        return _answer_part(whole, [main])
    answers = _distinct(part.decision.chosen for part in statements)
    if whole.chosen:
        others = [match for match in answers if match.faq_id != whole.chosen.faq_id]
        if others:
            return put_first(whole, [whole.chosen, *others], Reason.SEVERAL_QUESTIONS)
        return whole
    if len(answers) > 1:
        return put_first(whole, answers, Reason.SEVERAL_QUESTIONS)
    return _offer(whole, statements)


def _main_sentence(statements: Sequence[Part]) -> Part | None:
    """The first or last statement, if an FAQ answers it and the others are far from every FAQ."""
    if len(statements) < MIN_SENTENCES:
        return None
    for statement in (statements[-1], statements[0]):
        answer = statement.decision.chosen
        if answer and all(_is_aside(part, answer) for part in statements):
            return statement
    return None


def _is_aside(part: Part, answer: Match) -> bool:
    """True if a statement leads to no other FAQ, or much less clearly than ``answer``."""
    closest = part.decision.closest
    if closest is None or closest.faq_id == answer.faq_id:
        return True
    less_likely = (closest.confidence or 0.0) <= (answer.confidence or 1.0) / 2
    return less_likely or closest.similarity <= answer.similarity - MIN_DISTANCE


def _answer_part(whole: Decision, parts: Sequence[Part]) -> Decision:
    part = next(part for part in parts if part.decision.chosen)
    return replace(part.decision, part=part.question, parts=whole.parts)


def _offer(whole: Decision, parts: Sequence[Part]) -> Decision:
    """Offer the closest FAQ of each sentence, unless the whole message has better options."""
    offers = _distinct(part.decision.closest if part.decision.options else None for part in parts)
    if not offers or (whole.options and len(offers) < 2):
        return whole
    return put_first(whole, offers, Reason.SEVERAL_QUESTIONS)


def _distinct(matches: Iterable[Match | None]) -> list[Match]:
    """One match for each FAQ, in the order of the sentences."""
    by_faq: dict[str, Match] = {}
    for match in matches:
        if match is not None:
            by_faq.setdefault(match.faq_id, match)
    return list(by_faq.values())
