"""Match the pairs of a source with those that were imported from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from faq.phrasing import normalise
from faq.sources.pairs import Pair, is_shareable, words_of


@dataclass(frozen=True)
class Matched:
    """``present``: positions of imported pairs with what they are now; ``missing``: of the others.

    ``new``: the pairs that were not imported.
    """

    present: list[tuple[int, Pair]]
    new: list[Pair]
    missing: list[int]


def match(imported: Sequence[Pair], read: Sequence[Pair]) -> Matched:
    """Match by the article's id, else by a common question, else by an equal answer.

    So a question that was reworded keeps its FAQ, and so does an answer that was rewritten. If two
    questions shared an FAQ and now have different answers, the second is new.
    """
    by_key = {pair.key: at for at, pair in enumerate(imported) if pair.key}
    by_phrasing = {
        normalise(phrasing): at for at, pair in enumerate(imported) for phrasing in pair.phrasings
    }
    by_answer = {
        words_of(pair.answer): at for at, pair in enumerate(imported) if is_shareable(pair.answer)
    }
    candidates: dict[int, list[Pair]] = {}
    new = []
    for pair in read:
        positions = (
            by_key.get(pair.key),
            *(by_phrasing.get(normalise(phrasing)) for phrasing in pair.phrasings),
            by_answer.get(words_of(pair.answer)),
        )
        position = next((at for at in positions if at is not None), None)
        if position is None:
            new.append(pair)
        else:
            candidates.setdefault(position, []).append(pair)
    present = []
    for at, pairs in sorted(candidates.items()):
        first, *others = sorted(pairs, key=lambda pair: not _is_main(pair, imported[at]))
        present.append((at, first))
        new += others
    missing = [at for at in range(len(imported)) if at not in candidates]
    return Matched(present, new, missing)


def _is_main(pair: Pair, imported: Pair) -> bool:
    """Whether it has the article's id or, without one, the question that names the FAQ."""
    if imported.key and pair.key:
        return imported.key == pair.key
    return normalise(imported.question) in map(normalise, pair.phrasings)
