"""Questions without a helpful answer, grouped by meaning."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from assistant.health import log_reading as health_log
from assistant.learning import closed_gaps, log_reading, regrouping
from assistant.learning.regrouping import LOCK
from assistant.models import Feedback, Gap, GapAsk
from audit.models import Record
from faq.models import Faq
from faq.releases.publishing import publish

pytestmark = pytest.mark.django_db

PARAPHRASES = (
    ("ann", "do you hold pottery classes"),
    ("ann", "do you offer pottery classes for beginners"),
    ("bob", "do you have pottery classes?"),
    ("cat", "can I take a pottery class with you"),
    ("cat", "do you give pottery classes? call me on +44 20 7946 0958"),
    ("dan", "where can I join pottery classes"),
)
ONE_OFFS = ("do you sell live penguins", "what is the capital of France", "who won the chess final")
UNCLEAR_QUESTION = "how do i return a parcel and get my money back"


@pytest.fixture
def ask(as_role):
    def post(message, user_id="u1", **fields):
        body = {"message": message, **fields}
        reply = as_role("customer", subject=user_id).post("/ask", body, format="json")
        assert reply.status_code == 200
        return reply.json()

    return post


def read_log():
    call_command("audit_seal", verbosity=0)
    return log_reading.read_new()


def kinds():
    return sorted(GapAsk.objects.values_list("kind", flat=True))


@pytest.fixture
def many_asks(ask):
    for user_id, text in PARAPHRASES:
        assert ask(text, user_id)["outcome"] != "answered"
    for number, text in enumerate(ONE_OFFS):
        ask(text, f"one-off-{number}")
    for _ in range(5):
        ask("is there a unicorn in your shop", "eve")
    # Some are asked to clarify, and say nothing after.
    GapAsk.objects.all().delete()
    read_log()
    GapAsk.objects.filter(kind="pending").update(kind="abandoned")


def largest():
    return Gap.objects.all().ranked().first()


# --- What counts ---------------------------------------------------------------------------------


def test_an_unanswered_question_counts_once(ask):
    ask("do you sell live penguins")

    read_log()
    read_log()

    assert kinds() == ["unanswered"]


def test_an_answer_small_talk_and_what_a_benchmark_asks_do_not_count(ask, as_role):
    ask("How do I reset my password?")
    ask("hello")
    ask("a human please")
    body = {"message": "do you sell live penguins", "user_id": "u1", "purpose": "benchmark"}
    as_role("service", subject="tool").post("/ask", body, format="json")

    read_log()

    assert kinds() == []


def test_a_crawler_that_follows_links_asks_nothing(as_role):
    # Whatever it calls itself: only a POST with a token asks.
    reply = as_role("customer").get("/ask", {"message": "do you sell live penguins"})

    assert reply.status_code == 405
    assert not Record.objects.filter(action__startswith="question.").exists()


def test_none_of_the_options_is_a_rejection(ask):
    ask(UNCLEAR_QUESTION)
    ask(UNCLEAR_QUESTION, choice="none")

    read_log()

    assert kinds() == ["rejected"]


def test_a_clarification_that_leads_to_an_answer_does_not_count(ask):
    options = ask(UNCLEAR_QUESTION)["options"]
    ask(UNCLEAR_QUESTION, choice=options[0]["faq_id"])

    read_log()

    assert kinds() == []


def test_a_clarification_with_nothing_after_is_abandoned_after_half_an_hour(ask):
    ask(UNCLEAR_QUESTION)
    read_log()
    assert GapAsk.objects.counted().count() == 0

    GapAsk.objects.update(at=timezone.now() - timedelta(minutes=31))
    read_log()

    assert kinds() == ["abandoned"]


def test_an_unhelpful_answer_counts_until_its_rating_changes(ask, as_role):
    ask_id = ask("How do I reset my password?")["ask_id"]
    customer = as_role("customer")
    customer.post(f"/asks/{ask_id}/feedback", {"helpful": False}, format="json")
    read_log()
    assert kinds() == ["unhelpful"]

    customer.post(f"/asks/{ask_id}/feedback", {"helpful": True}, format="json")
    read_log()

    assert kinds() == []


def test_a_ticket_from_an_ask_counts_in_its_gap(ask, as_role):
    ask_id = ask("do you sell live penguins")["ask_id"]
    body = {"message": "do you sell live penguins", "ask_id": ask_id}
    as_role("customer").post("/tickets", body, format="json")
    read_log()
    regrouping.regroup()

    assert largest().tickets == 1


# --- Groups --------------------------------------------------------------------------------------


def test_paraphrases_form_one_gap_that_counts_people(many_asks):
    regrouping.regroup()

    gap = largest()
    assert (gap.asks, gap.people) == (6, 4)
    texts = regrouping.texts_of(gap.asks_in.all()).values()
    assert any("[PHONE]" in text for text in texts)
    assert not any("7946" in text for text in texts)
    alone = [gap.people for gap in Gap.objects.all().ranked()][1:]
    assert alone == [1] * len(alone)


def test_groups_keep_their_ids(many_asks):
    regrouping.regroup()
    before = dict(GapAsk.objects.values_list("pk", "gap"))

    regrouping.regroup()

    assert dict(GapAsk.objects.values_list("pk", "gap")) == before


def test_a_new_question_joins_the_nearest_gap_at_once(many_asks, ask):
    regrouping.regroup()
    gap = largest()

    ask("do you run pottery classes", "fay")
    read_log()
    GapAsk.objects.filter(kind="pending").update(kind="abandoned")
    regrouping.assign_new()

    assert largest().pk == gap.pk
    assert largest().people == 5


def test_merged_and_split_groups_stay_so(many_asks):
    regrouping.regroup()
    first, second = Gap.objects.all().ranked()[:2]

    second.merge_into(first, by="cleo")
    regrouping.regroup()
    assert largest().pk == first.pk
    assert largest().asks > 6

    new = first.split_off(first.asks_in.all()[:1], by="cleo")
    regrouping.regroup()
    assert new.asks_in.count() == 1


def test_a_dismissed_gap_is_work_again_once_twice_as_many_people_asked(many_asks, ask):
    regrouping.regroup()
    gap = largest()
    gap.dismiss("We hold no classes.", by="cleo")
    for number in range(3):
        ask("do you hold pottery classes", f"new-{number}")
    _read_and_assign()
    gap.refresh_from_db()
    assert gap.status == Gap.Status.DISMISSED

    ask("do you have pottery classes", "new-4")
    _read_and_assign()

    gap.refresh_from_db()
    assert gap.status == Gap.Status.OPEN


def _read_and_assign():
    read_log()
    GapAsk.objects.filter(kind="pending").update(kind="abandoned")
    regrouping.assign_new()


def test_an_erased_person_takes_their_texts_and_leaves_the_counts(many_asks):
    regrouping.regroup()

    call_command("audit_erase", "dan")
    regrouping.regroup()

    gap = largest()
    assert (gap.asks, gap.people) == (6, 4)
    assert len(regrouping.texts_of(gap.asks_in.all())) == 5


def test_an_ask_erased_before_it_is_grouped_is_no_work_for_ever(ask):
    ask("do you sell live penguins")
    read_log()
    call_command("audit_erase", "u1")

    regrouping.assign_new()

    assert not GapAsk.objects.ungrouped().exists()


def test_a_release_that_answers_all_questions_of_a_gap_closes_it(
    many_asks, ask, curator, monkeypatch
):
    regrouping.regroup()
    gap = largest()
    texts = list(regrouping.texts_of(gap.asks_in.all()).values())
    faq = Faq.objects.propose(texts[0], "Yes, on Saturdays.", by="cleo")
    for text in texts[1:]:
        faq.add_phrasing(text, by="cleo")
    release = publish(actor="pat", note="Classes")

    regrouping.assign_new()

    gap.refresh_from_db()
    assert gap.status == Gap.Status.CLOSED
    assert (gap.answered_now, gap.texts, gap.checked_release) == (6, 6, release.number)
    page = curator.get("/admin/gaps/?show=closed").content.decode()
    closed = f"Closed by release {release.number}, 6 of 6 would be answered now."
    assert closed in " ".join(page.split())

    # Of three people who ask after that, two are helped.
    assert ask("do you hold pottery classes here", "fay")["faq_id"] == faq.slug
    ask("where can I join pottery classes", "gus")
    ask_id = ask("do you have pottery classes?", "hal")["ask_id"]
    Feedback.objects.submit(ask_id=ask_id, user_id="hal", actor="hal", helpful=False)
    read_log()
    health_log.read_new()
    regrouping.assign_new()
    assert closed_gaps.measure() == 0
    later = timezone.now() + timedelta(days=14)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert closed_gaps.measure() == 1

    gap.refresh_from_db()
    assert (gap.later_answered, gap.later_asks) == (2, 3)
    curator.force_login(User.objects.get(username="cleo"))
    page = " ".join(curator.get(f"/admin/gaps/{gap.pk}/").content.decode().split())
    assert "In the 14 days after it was closed, 2 of 3 similar questions were answered." in page


def test_gaps_that_are_close_are_related(many_asks, ask, curator):
    for user_id in ("ira", "jon"):
        ask("can I buy a pottery wheel from you", user_id)
    _read_and_assign()
    regrouping.regroup()

    related = largest().related.all()
    assert [regrouping.texts_of(other.asks_in.all()).popitem()[1] for other in related] == [
        "can I buy a pottery wheel from you"
    ]
    page = curator.get(f"/admin/gaps/{largest().pk}/").content.decode()
    assert "Related gaps" in page


def test_an_answer_that_did_not_help_closes_no_gap_until_it_changes(ask, without_fitting):
    for message in ("How do I reset my password?", "Is there a minimum order value?"):
        ask_id = ask(message, "ann")["ask_id"]
        Feedback.objects.submit(ask_id=ask_id, user_id="ann", actor="ann", helpful=False)
    read_log()
    regrouping.regroup()
    assert not Gap.objects.exclude(status=Gap.Status.OPEN).exists()

    faq = Faq.objects.get(slug="reset-password")
    faq.answer = "Press Forgot password, then open the mail."
    faq.save()
    publish(actor="pat")
    regrouping.assign_new()

    closed = Gap.objects.get(status=Gap.Status.CLOSED)
    assert closed.answered_by == ["reset-password"]
    assert Gap.objects.open().count() == 1


def test_what_was_dismissed_or_renamed_while_it_was_tried_stays_so():
    tried = Gap.objects.create()
    gap = Gap.objects.get()
    gap.rename("Classes", by="cleo")
    gap.dismiss("We hold no classes.", by="cleo")

    tried.mark_checked(1, texts=1, faq_ids=["gift-card"], asks=1)

    gap.refresh_from_db()
    assert (gap.name, gap.status) == ("Classes", Gap.Status.DISMISSED)


# --- At the desk ---------------------------------------------------------------------------------


@pytest.fixture
def curator(client, django_user_model):
    user = django_user_model.objects.create_user("cleo", is_staff=True)
    user.groups.add(Group.objects.get(name="curator"))
    client.force_login(user)
    return client


def test_a_curator_sees_what_several_people_asked_and_of_one_person_only_on_request(
    many_asks, curator
):
    regrouping.regroup()

    page = curator.get("/admin/gaps/").content.decode()
    first_row = page.partition("<section")[2].partition("</section>")[0]
    assert "pottery" in first_row
    assert "6 asks, 4 people" in first_row
    assert "unicorn" not in page
    assert "ann" not in re.sub(r"<[^>]*>", " ", page).split()

    assert "unicorn" in curator.get("/admin/gaps/?show=single").content.decode()


def test_the_support_role_does_not_see_gaps(client, django_user_model):
    user = django_user_model.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    client.force_login(user)

    assert client.get("/admin/gaps/").status_code == 403


def test_a_gap_shows_its_questions_masked_and_records_who_opened_it(many_asks, curator):
    regrouping.regroup()
    gap = largest()

    page = curator.get(f"/admin/gaps/{gap.pk}/").content.decode()

    assert "[PHONE]" in page
    assert "7946" not in page
    assert Record.objects.filter(action="gap.viewed", about=f"gap:{gap.pk}").exists()


def test_one_click_adds_the_question_to_the_nearest_faq(many_asks, curator):
    regrouping.regroup()
    gap = largest()
    body = {"faq_id": "gift-card", "text": "do you hold pottery classes"}

    curator.post(f"/admin/gaps/{gap.pk}/phrasing/", body)

    assert Faq.objects.get(slug="gift-card").alternates.filter(text=body["text"]).exists()


def test_a_dismissal_needs_a_reason(many_asks, curator):
    regrouping.regroup()
    gap = largest()

    page = curator.post(f"/admin/gaps/{gap.pk}/", {"change": "dismiss"})
    assert "reason: this is required." in page.content.decode()
    curator.post(f"/admin/gaps/{gap.pk}/", {"change": "dismiss", "reason": "No classes."})

    gap.refresh_from_db()
    assert (gap.status, gap.dismissed_because) == ("dismissed", "No classes.")


def test_a_new_faq_starts_with_the_question_of_the_gap(many_asks, curator):
    regrouping.regroup()
    page = curator.get("/admin/gaps/").content.decode()
    address = re.search(r'href="([^"]*/faq/faq/add/[^"]*)"', page)[1]

    form = curator.get(address).content.decode()

    assert re.search(r"<(input|textarea)[^>]*name=.question.[^>]*(pottery|>\s*[^<]*pottery)", form)


def test_programs_and_commands_list_the_same_gaps(many_asks, as_role, capsys):
    regrouping.regroup()

    gaps = as_role("curator", subject="cleo").get("/gaps").json()["gaps"]
    call_command("gaps", "--json")

    assert gaps == json.loads(capsys.readouterr().out)
    assert [(gap["asks"], gap["people"]) for gap in gaps] == [(6, 4)]


def test_two_processes_do_not_group_at_once():
    other = connection.copy()
    with other.cursor() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="Another process groups the questions now"):
            call_command("regroup", "--new")
        session.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    other.close()

    call_command("regroup", "--new")
    call_command("regroup", "--new")
