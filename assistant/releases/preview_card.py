"""A preview as a card of the Ask page: the reply to the customer, and the decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from assistant.answering.answer import Outcome
from assistant.decision.reasons import Reason
from assistant.readable_labels import OUTCOMES, REASONS, step_label
from assistant.releases.gauges import Gauge, gauges, percent
from assistant.releases.preview import Preview
from faq.markdown import to_html
from faq.models import Faq


@dataclass(frozen=True)
class FaqLink:
    """An FAQ and the address of its page; without a draft the address is empty."""

    faq_id: str
    question: str
    url: str


@dataclass(frozen=True)
class Shown:
    """One answer as the customer reads it; with its ``question`` if there are several."""

    text: str
    question: str = ""
    faq: FaqLink | None = None

    @property
    def html(self) -> SafeString:
        return mark_safe(to_html(self.text))  # noqa: S308 (markdown without HTML)


@dataclass(frozen=True)
class RankedFaq:
    """A bar of the list of closest FAQs. ``width``: 0 to 100, percent."""

    faq: FaqLink
    phrasing: str
    similarity: float
    confidence: float | None
    width: float


@dataclass(frozen=True)
class DecidedPart:
    """One of several sentences of a message, with its decision."""

    question: str
    reason_label: str
    faq: FaqLink | None
    gauges: list[Gauge]


@dataclass(frozen=True)
class Card:
    """The context of the template. If there is no reply, ``preview.problem`` says why."""

    preview: Preview
    links: Mapping[str, FaqLink]

    @property
    def payload(self) -> dict[str, Any]:
        return self.preview.payload or {}

    @property
    def decision(self) -> dict[str, Any]:
        decision: dict[str, Any] = self.payload["decision"]
        return decision

    @property
    def outcome_label(self) -> str:
        return OUTCOMES[Outcome(self.payload["outcome"])]

    @property
    def reason_label(self) -> str:
        return REASONS[Reason(self.decision["reason"])]

    @property
    def answers(self) -> list[Shown]:
        """The answers that the customer reads, in order; empty if nothing is answered."""
        payload = self.payload
        if parts := payload["answers"]:
            return [
                Shown(part["answer"], part["question"], self._link(part["faq_id"]))
                for part in parts
            ]
        if payload["answer"] is None:
            return []
        return [Shown(payload["answer"], faq=self._link(payload["faq_id"]))]

    @property
    def options(self) -> list[FaqLink]:
        return self._links_of(self.payload["options"])

    @property
    def nearest(self) -> list[FaqLink]:
        return self._links_of(self.payload["nearest"])

    @property
    def gauges(self) -> list[Gauge]:
        return gauges(self.decision, self.decision["policy"])

    @property
    def parts(self) -> list[DecidedPart]:
        return [
            DecidedPart(
                part["question"],
                REASONS[Reason(part["reason"])],
                self._link(part["closest"]["faq_id"]) if part["closest"] else None,
                gauges(part, self.decision["policy"]),
            )
            for part in self.decision["parts"]
        ]

    @property
    def ranked(self) -> list[RankedFaq]:
        """The closest FAQs, the most likely first."""
        return [
            RankedFaq(
                self.links[match["faq_id"]],
                match["phrasing"],
                match["similarity"],
                match["confidence"],
                percent(match["similarity"]),
            )
            for match in self.preview.ranked
        ]

    @property
    def threshold_at(self) -> float:
        return percent(self.decision["threshold"])

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The decision's path, each step with its ``label`` and ``ms``."""
        return [{"label": step_label(step), "ms": step["ms"]} for step in self.decision["path"]]

    def _link(self, faq_id: str | None) -> FaqLink | None:
        return self.links.get(faq_id) if faq_id else None

    def _links_of(self, matches: Iterable[Mapping[str, Any]]) -> list[FaqLink]:
        return [self.links[match["faq_id"]] for match in matches]


def cards(previews: Iterable[Preview]) -> list[Card]:
    """The cards of these previews, with one query for their FAQs."""
    previews = list(previews)
    faq_ids = {faq_id for preview in previews for faq_id in _faq_ids(preview)}
    drafts = {
        slug: (pk, question)
        for slug, pk, question in Faq.objects.filter(slug__in=faq_ids).values_list(
            "slug", "pk", "question"
        )
    }
    return [Card(preview, _links(preview, drafts)) for preview in previews]


def _links(preview: Preview, drafts: Mapping[str, tuple[int, str]]) -> dict[str, FaqLink]:
    links = {}
    for faq_id in _faq_ids(preview):
        pk, question = drafts.get(faq_id, (None, faq_id))
        url = reverse("admin:faq_faq_change", args=[pk]) if pk else ""
        links[faq_id] = FaqLink(faq_id, preview.questions.get(faq_id, question), url)
    return links


def _faq_ids(preview: Preview) -> Iterable[str]:
    """The ids of all FAQs in the preview."""
    payload = preview.payload
    if payload is None:
        return
    closest = (part["closest"] for part in payload["decision"]["parts"])
    matches = (*preview.ranked, *payload["options"], *payload["nearest"], *payload["answers"])
    for match in (*matches, *filter(None, closest)):
        yield match["faq_id"]
    yield from payload["citations"]
