"""Background tasks of the knowledge base."""

from __future__ import annotations

from procrastinate.contrib.django import app

from faq.hit_counts import DailyHits


@app.periodic(cron="* * * * *")
@app.task(name="faq.count_hits", queueing_lock="faq.count_hits")
def count_hits(timestamp: int) -> None:
    DailyHits.objects.count_new()
