"""While releases are published and rolled back, every reply is wholly of one of them."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from assistant import wiring
from faq.models import Faq, Release
from faq.releases.publishing import publish
from faq.releases.rollback import roll_back

pytestmark = pytest.mark.slow

QUESTION = "I forgot my password"
ASKERS = 2


def test_no_request_fails_and_each_answer_is_its_releases_own(
    committed_faqs, without_fitting, as_role
):
    # A release that another test left in memory would answer while the first one here is loaded.
    for loaded in (wiring.live, wiring.get_assistant):
        loaded.cache_clear()
    replies, over = [], threading.Event()

    def ask():
        client = as_role("customer")
        while not over.is_set():
            replies.append(client.post("/ask", {"message": QUESTION}, format="json"))
        connections.close_all()

    askers = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for asker in askers:
        asker.start()
    created = []
    for number in range(3):
        Faq.objects.filter(slug="reset-password").update(answer=f"Answer {number}.")
        created.append(publish(actor="tester"))
    created.append(roll_back(Release.objects.get(number=1), actor="tester"))
    over.set()
    for asker in askers:
        asker.join()

    output = {
        release.number: release.contents()["reset-password"].answer
        for release in Release.objects.all()
    }
    assert {reply.status_code for reply in replies} == {200}
    answer = [reply.json() for reply in replies]
    assert all(output[item["release"]] == item["answer"] for item in answer)
    assert len({item["release"] for item in answer}) > 1
    for release in created:
        wiring.index().drop(release.collection)
