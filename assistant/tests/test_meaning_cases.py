"""Questions that other systems answer wrongly, and questions that must stay answered.

``cases/reported_*.csv`` are taken from other people's bug reports, ``cases/own_*.csv`` written for
this project: those of ``own_before.csv`` before the rules existed, and those of ``own_unseen.csv``
before their decisions were looked at. ``expect`` says what must become of a question:

``answered:ID``, ``exact:ID``, ``corrected:ID``, ``both:ID|ID`` -- answered with these FAQs;
``offered:ID`` -- answered with it, or among the options; ``first:ID`` -- the first of these;
``not answered``, ``not:ID`` -- by no FAQ, or not by this one; ``unanswered`` -- nothing is offered;
``reply:INTENT`` -- a set reply.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.conf import settings

from assistant.calibration.fitting import fit_release
from assistant.calibration.training import Phrasings
from assistant.decision.decision import Decision
from assistant.decision.message import MATCHES, decide_message
from assistant.embedding.vector_cache import VectorCache
from assistant.matching.entries import entries, training_text
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content

CASES = Path(__file__).parent / "cases"
KNOWLEDGE_BASE = (
    settings.BASE_DIR / "data" / "faq.csv",
    *(CASES / name for name in ("meaning_faqs.csv", "languages_faqs.csv", "unreadable_faqs.csv")),
)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def cases():
    for path in sorted([*CASES.glob("reported_*.csv"), *CASES.glob("own_*.csv")]):
        for number, row in enumerate(rows(path), start=2):
            yield pytest.param(
                row["question"], row["expect"], id=f"{path.stem}:{number} {row['kind']}"
            )


@pytest.fixture(scope="module")
def decide(converted):
    """Decide about a question as /ask does, on the demo's FAQs and those of the cases."""
    contents = {
        row["id"]: Content(
            row["id"],
            row["question"],
            row["answer"],
            row["category"],
            tuple(filter(None, (row.get("alternates") or "").splitlines())),
        )
        for path in KNOWLEDGE_BASE
        for row in rows(path)
    }
    faqs = sorted(contents.values(), key=lambda content: content.slug)
    texts = [phrasing for faq in faqs for phrasing in faq.phrasings] + [
        training_text(faq) for faq in faqs
    ]
    vectors = dict(zip(texts, converted.embed(texts), strict=True))
    stored = entries(faqs, vectors)
    matrix = ReleaseMatrix(stored)
    fitted = fit_release(
        _phrasings([entry.faq_id for entry in stored], [entry.vector for entry in stored]),
        answers=_phrasings(
            [faq.slug for faq in faqs], [vectors[training_text(faq)] for faq in faqs]
        ),
    )
    release = LoadedRelease(
        pk=0,
        number=None,
        contents=contents,
        matrix=matrix,
        classifier=fitted.classifier,
        embedder=VectorCache(converted),
    )

    def decide_question(question: str) -> Decision:
        message = release.message(question)
        embedded = release.embed(message.texts)
        matches = {
            text: release.search(
                text, embedded.vectors[text], limit=MATCHES, also=message.also
            ).matches
            for text in message.texts
        }
        return decide_message(message, matches, fitted.policy, release.wording)

    return decide_question


def _phrasings(faq_ids, vectors):
    import numpy as np

    return Phrasings(tuple(faq_ids), np.stack(vectors))


@pytest.mark.parametrize(("question", "expect"), list(cases()))
def test_a_question_becomes_what_it_should(decide, question, expect):
    decision = decide(question)
    kind, _, argument = expect.partition(":")
    chosen = decision.chosen.faq_id if decision.chosen else None
    options = [option.faq_id for option in decision.options]
    answers = [part.decision.chosen.faq_id for part in decision.answers]

    match kind:
        case "answered":
            assert chosen == argument
        case "exact":
            assert (chosen, decision.reason) == (argument, "exact")
        case "corrected":
            assert (chosen, decision.reason) == (argument, "confident")
            assert decision.corrected
        case "both":
            assert answers == argument.split("|")
        case "offered":
            assert argument in [chosen, *options, *answers]
        case "first":
            assert argument in [chosen, *options[:1]]
        case "not answered":
            assert chosen is None
        case "not":
            assert chosen != argument
        case "unanswered":
            assert (chosen, options) == (None, [])
        case "reply":
            assert (decision.intent, chosen, options) == (argument, None, [])
        case _:
            pytest.fail(f"unknown expectation {expect!r}")


LETTER = (
    "We moved to the coast in spring, and the house is slowly becoming a home. My brother helped "
    "with the boxes and my neighbour brought bread and salt on the first evening. The garden is "
    "wild, the roof has a hole, and the cat has not forgiven us yet. "
) * 6
"""About 330 tokens; the model reads 256."""


@pytest.mark.parametrize(
    ("question", "faq_id"),
    [
        ("Do you sell gift cards?", "gift-card"),
        ("How do I return an item?", "start-return"),
        ("Where do I find my invoice?", "get-invoice"),
        ("How do I delete my account?", "delete-account"),
        ("How long is the warranty?", "warranty"),
        ("Do you ship abroad?", "international"),
        ("Can I pay by invoice?", "invoice-pay"),
        ("Is there a minimum order value?", "order-limit"),
        ("What is your return policy?", "return-policy"),
        ("Can you gift-wrap my order?", "gift-wrap"),
        ("How do I cancel an order?", "cancel-order"),
        ("Who pays for the return postage?", "return-cost"),
        ("When will I get my refund?", "refund-time"),
        ("How do I use a discount code?", "promo-code"),
        ("How much does shipping cost?", "shipping-cost"),
        ("Do you offer express delivery?", "express"),
        ("Which payment methods do you accept?", "payment-methods"),
        ("How do I unsubscribe from the newsletter?", "newsletter"),
        ("Are you hiring?", "jobs"),
        ("Do I need an account to order?", "create-account"),
    ],
)
def test_a_question_at_the_end_of_a_letter_is_answered(decide, question, faq_id):
    decision = decide(LETTER + question)

    assert decision.chosen
    assert decision.chosen.faq_id == faq_id
