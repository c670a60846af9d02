"""Two months of invented asks, feedback and tickets, for the picture of the outcomes.

Runs inside a site: manage.py shell -c "from docs.pictures import outcomes; outcomes.write()".
"""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from assistant.outcomes import fold
from assistant.outcomes.sample import SampledAsk
from assistant.tests.outcome_records import History
from audit.sealing.sealer import oldest_unsealed
from faq.models import Faq, Release
from tickets.models import Ticket

DAYS = 56
NEEDS = 520
WEIGHTS = {"confirmed": 14, "contained": 48, "abandoned": 13, "rejected": 6, "escalated": 12}
QUESTIONS = (
    "Where is my parcel?",
    "Can I change my order?",
    "How long do I have to return it?",
    "Do you ship abroad?",
    "My lamp is broken",
)


def write() -> None:
    """Asks with their ends, resolved tickets, and a judged sample."""
    generator = random.Random(7)  # noqa: S311 (not a secret)
    faqs = list(Faq.objects.values_list("slug", flat=True)[:8])
    with pytest.MonkeyPatch.context() as patch:
        history = History(patch)
        for number in range(NEEDS):
            at = history.at(DAYS * generator.random())
            (end,) = generator.choices(list(WEIGHTS), list(WEIGHTS.values()))
            question = generator.choice(QUESTIONS)
            fields = {"question": question, "faq_id": generator.choice(faqs), "answer": "…"}
            if at + timedelta(days=2) < history.now:
                history.need(end, f"u{number}", at, **fields)
        for ticket in Ticket.objects.filter(ask_id__isnull=False).order_by("created"):
            reply = ticket.created + timedelta(minutes=generator.expovariate(1 / 90))
            history.go_to(reply)
            ticket.comment("Here you are.", by=generator.choice(("sam", "kim")))
            history.go_to(reply + timedelta(hours=generator.expovariate(1 / 5)))
            ticket.resolve(by=generator.choice(("sam", "kim")))
        history.go_to(history.now)
        published = {1: 40, 2: 12}
        for number, days in published.items():
            Release.objects.filter(number=number).update(published_at=history.at(days))
    # The site's own sealer seals within a second.
    while oldest_unsealed():
        time.sleep(0.2)
    fold.fold_new()
    SampledAsk.objects.draw_due()
    for sample in SampledAsk.objects.all():
        sample.judge(generator.choices(("right", "wrong"), (19, 1))[0], by="sam")
