"""Try a question on the live release and on what the drafts would make of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from assistant import policies, trials, vectors, wiring
from assistant.answer import Answer, BadQuestion, Question
from assistant.answering import Assistant
from assistant.fakes import NullAgent
from assistant.loaded import LoadedRelease
from audit.models import record
from faq.publishing import current, current_rules
from faq.reviewing import review

MOST_NEW = 300
"""Phrasings without a vector that are embedded while somebody waits: about three seconds."""

BAR = 100
"""Percent: where a similarity of 1 ends."""


class TooMuchNew(Exception):
    """The drafts cannot be tried before they are embedded."""


@dataclass(frozen=True)
class Trial:
    """What would be answered, or why that cannot be told."""

    title: str
    told: dict[str, Any] | None = None
    problem: str = ""

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The matches, best first, with how long their bars are in percent."""
        steps = self.told["decision"]["path"] if self.told else []
        found: list[dict[str, Any]] = next(
            (step["matches"] for step in steps if step["step"] == "match"), []
        )
        return [{**each, "width": _percent(each["similarity"])} for each in found]

    @property
    def threshold_at(self) -> float:
        return _percent(self.told["decision"]["threshold"]) if self.told else 0.0

    @property
    def margin_at(self) -> float | None:
        """Where the next other FAQ must stay below, for the first to lead by the margin."""
        bars = self.bars
        if not self.told or not bars:
            return None
        margin: float = self.told["decision"]["margin"]
        return _percent(bars[0]["similarity"] - margin)


def try_out(text: str, *, actor: str, category: str = "", audience: str = "") -> list[Trial]:
    """The draft first, then the live release; on record as a trial, not as an ask."""
    question = Question(
        text=text,
        user_id=actor,
        actor=actor,
        category=category,
        audiences=frozenset({audience} if audience else ()),
    )
    live = wiring.live().current()
    trials = [_drafted(question, live)]
    if live.number is not None:
        trials.append(_trial(f"Live: release {live.number}", question, live))
    record(
        "question.tried",
        actor=actor,
        data={
            "question": text,
            "category": category,
            "audience": audience,
            "trials": {each.title: _in_short(each) for each in trials},
        },
    )
    return trials


def _drafted(question: Question, live: LoadedRelease) -> Trial:
    try:
        return _trial("Draft: as it would be if all were published", question, _draft.of(live))
    except TooMuchNew as refusal:
        return Trial("Draft", problem=str(refusal))


def _trial(title: str, question: Question, release: LoadedRelease) -> Trial:
    assistant = Assistant(live=wiring.live(), agent=NullAgent(), policy=wiring.policy)
    try:
        answer: Answer = assistant.dry_run(question, release)
    except BadQuestion as refusal:
        return Trial(title, problem=str(refusal))
    return Trial(title, told=answer.as_dict())


def _in_short(trial: Trial) -> dict[str, Any]:
    told = trial.told or {}
    return {name: told.get(name) for name in ("outcome", "faq_id", "similarity", "release")}


class DraftRelease:
    """The drafts as a release in memory, made again only when they changed."""

    def __init__(self) -> None:
        self._made: tuple[object, LoadedRelease] | None = None
        self._making = threading.Lock()

    def of(self, live: LoadedRelease) -> LoadedRelease:
        """Raises ``TooMuchNew``."""
        waiting, rules = review(), current_rules()
        if not waiting.waiting and rules == live.rules:
            return replace(live, number=None)
        # What it says is decided by these; reading all of it would take seconds at 20,000 FAQs.
        name = (live.pk, waiting.digest, rules)
        with self._making:
            if self._made is None or self._made[0] != name:
                self._made = (name, self._make(live))
            return self._made[1]

    @staticmethod
    def _make(live: LoadedRelease) -> LoadedRelease:
        knowledge_base, embedder = current(), wiring.embedder()
        contents = list(knowledge_base.contents.values())
        texts = set(policies.needed(contents))
        new = len(texts) - len(vectors.stored(embedder.name, texts))
        if new > MOST_NEW:
            raise TooMuchNew(
                f"{new:,} texts of drafts have no vectors yet, too many to make while you wait: "
                "publish them first."
            )
        release, lessons = trials.trial_release(contents, embedder, texts=texts)
        return replace(
            release,
            rules=knowledge_base.rules,
            numbers=lessons.fitted.policy.numbers() if lessons.fitted.classifier else None,
            embedder=live.embedder or wiring.vector_cache(embedder),
        )


_draft = DraftRelease()


def _percent(similarity: float) -> float:
    return round(max(min(similarity, 1.0), 0.0) * BAR, 1)
