"""Priority terms of the desk, such as "stolen". Pure: standard library only."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.text.clauses import clauses, stem


def first_faq(text: str, faq_by_term: Mapping[str, str]) -> str:
    """The id of the FAQ of the first term in ``text``, compared by stems; empty if there is none.

    ``faq_by_term``: terms of one word or more, in lower case.
    """
    if not faq_by_term:
        return ""
    words = _stems(text)
    places = {
        place: faq_id
        for term, faq_id in faq_by_term.items()
        if (place := _place(_stems(term), words)) >= 0
    }
    return places[min(places)] if places else ""


def _stems(text: str) -> list[str]:
    return [stem(word) for clause in clauses(text) for word in clause.words]


def _place(term: list[str], words: list[str]) -> int:
    length = len(term)
    starts = range(len(words) - length + 1) if length else range(0)
    return next((start for start in starts if words[start : start + length] == term), -1)
