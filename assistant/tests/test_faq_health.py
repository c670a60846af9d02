"""FAQ health: counted from the audit log, shown to curators, mailed to owners."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.core.management import call_command
from django.utils import timezone

from assistant import embedders
from assistant.health import duplicates, faq_health, log_reading
from assistant.health.findings import Kind
from assistant.health.weekly_mail import WeeklyMail
from assistant.matching import stored_vectors
from assistant.models import FaqAsk, HealthReview, ReleaseComparison
from audit.models import Record, record
from faq.content import Content
from faq.models import Faq, Release
from supportsite.tests.mailbox import mail_server
from tickets.delivery import sending
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db

NEAREST = {"closest": {"faq_id": "gift-card", "similarity": 0.6}}


@pytest.fixture(autouse=True)
def _read_before(settings, tmp_path):
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    # Each test rolls the log back to the same position.
    caches["local"].clear()
    read_log()
    FaqAsk.objects.all().delete()


def read_log():
    call_command("audit_seal", verbosity=0)
    return log_reading.read_new()


def answered(faq_id="reset-password", user_id="u1"):
    """The id of an ask that an FAQ answered."""
    return _asked(user_id, outcome="answered", source="faq", faq_id=faq_id, citations=[faq_id])


def unanswered(user_id="u1", decision=NEAREST):
    return _asked(user_id, outcome="unanswered", source=None, faq_id=None, decision=decision)


def _asked(user_id, action="question.asked", **data):
    ask_id = uuid.uuid4()
    data = {"user_id": user_id, "question": "How?", "decision": {}, **data}
    record(action, actor=user_id, kind="ask", key=ask_id, data=data)
    return ask_id


def rated(ask_id, *, helpful, user_id="u1"):
    data = {"user_id": user_id, "helpful": helpful}
    record("ask.rated", actor=user_id, kind="ask", key=ask_id, data=data)


def findings(kind):
    return [finding for finding in faq_health.findings() if finding.kind == kind]


@pytest.fixture
def three_of_five():
    """Three of five people rate an answer unhelpful."""
    for number in range(5):
        user_id = f"u{number}"
        rated(answered(user_id=user_id), helpful=number >= 3, user_id=user_id)
    read_log()


@pytest.fixture
def later(monkeypatch):
    """Let time pass: ``later(days=15)``."""

    def pass_time(**period):
        now = timezone.now() + timedelta(**period)
        monkeypatch.setattr(timezone, "now", lambda: now)

    return pass_time


def release_with(**content):
    """A release that changes one FAQ, without its index."""
    live = Release.objects.live()
    contents = live.contents()
    slug = content["slug"]
    contents[slug] = replace(contents.get(slug, Content("", "", "")), **content)
    release = Release.objects.create(number=live.number + 1, embedder=live.embedder)
    release.add_revisions(contents.values())
    stored_vectors.ensure(embedders.embedder(), contents[slug].phrasings)
    return release


# --- What counts ---------------------------------------------------------------------------------


def test_three_of_five_unhelpful_is_first(three_of_five):
    for number in range(5):
        rated(answered("gift-card", f"g{number}"), helpful=True)
    read_log()

    first = faq_health.findings()[0]

    assert (first.kind, first.faq_id) == (Kind.FEEDBACK, "reset-password")
    assert "3 of 5 ratings" in first.numbers


def test_every_record_counts_once(three_of_five):
    read_log()

    (finding,) = findings(Kind.FEEDBACK)
    assert "3 of 5 ratings" in finding.numbers


def test_a_rating_that_is_replaced_counts_once_as_the_last_one(three_of_five):
    ask_id = answered(user_id="u9")
    rated(ask_id, helpful=False, user_id="u9")
    rated(ask_id, helpful=True, user_id="u9")
    read_log()

    (finding,) = findings(Kind.FEEDBACK)
    assert "3 of 6 ratings" in finding.numbers


def test_the_log_is_counted_again_only_once_more_of_it_was_read(three_of_five):
    before = findings(Kind.FEEDBACK)
    FaqAsk.objects.all().delete()
    assert findings(Kind.FEEDBACK) == before != []

    answered()
    read_log()

    assert findings(Kind.FEEDBACK) == []


def test_ratings_of_an_earlier_answer_do_not_count(three_of_five):
    release_with(slug="reset-password", answer="Press Forgot password, then open the mail.")

    assert findings(Kind.FEEDBACK) == []


def test_another_phrasing_does_not_hide_bad_feedback(three_of_five):
    release_with(slug="reset-password", alternates=("my word to get in is gone",))

    assert len(findings(Kind.FEEDBACK)) == 1


def test_a_ticket_or_the_same_question_within_a_day_is_contact_after_an_answer(later):
    for user_id in ("ann", "bob", "cat"):
        answered(user_id=user_id)
    Ticket.objects.escalate("It did not work.", requester="ann", by="ann")
    unanswered("bob", {"closest": {"faq_id": "reset-password", "similarity": 0.7}})
    later(hours=25)
    Ticket.objects.escalate("Another thing.", requester="cat", by="cat")
    read_log()

    (finding,) = findings(Kind.CONTACT)
    assert finding.faq_id == "reset-password"
    assert finding.numbers.startswith(
        "2 of 3 people who got this answer needed more within a day: 1 opened a ticket, 1 asked"
    )


def test_a_question_about_something_else_is_no_contact_after_an_answer():
    for user_id in ("ann", "bob"):
        answered(user_id=user_id)
        unanswered(user_id)
    read_log()

    assert findings(Kind.CONTACT) == []


def test_many_asks_are_read_with_few_queries(django_assert_max_num_queries):
    for number in range(20):
        answered(user_id=f"u{number % 4}")
    call_command("audit_seal", verbosity=0)

    with django_assert_max_num_queries(15):
        log_reading.read_new()

    followed = FaqAsk.objects.filter(follow_up=FaqAsk.FollowUp.ASKED_AGAIN)
    assert (FaqAsk.objects.count(), followed.count()) == (20, 16)


def test_an_faq_that_is_nearest_and_does_not_answer_misses_a_phrasing():
    for user_id in ("ann", "bob", "cat"):
        unanswered(user_id)
    read_log()

    (finding,) = findings(Kind.UNANSWERED)
    assert finding.faq_id == "gift-card"
    assert finding.numbers == (
        "It was nearest to 3 questions of 3 people in 90 days, and answered 0."
    )


def test_a_question_that_no_faq_is_near_counts_for_none():
    unanswered(decision={"closest": {"faq_id": "gift-card", "similarity": 0.3}})
    unanswered(decision={"closest": None})
    read_log()

    assert not FaqAsk.objects.exists()


def test_benchmarks_tries_and_previews_count_nowhere():
    for action in ("question.benchmarked", "question.tried", "question.previewed"):
        _asked("u1", action, outcome="answered", source="faq", faq_id="gift-card")
    read_log()

    assert not FaqAsk.objects.exists()


def test_an_faq_nobody_asks_for_is_shown_once_the_site_had_questions_for_each(later):
    answered("gift-card")
    read_log()
    later(days=31)
    assert findings(Kind.NEVER) == []

    faqs = Faq.objects.in_use().count()
    ask = FaqAsk.objects.get()
    FaqAsk.objects.bulk_create(
        FaqAsk(ask_id=uuid.uuid4(), person="p", at=ask.at, faq_id="gift-card", is_answer=True)
        for _ in range(3 * faqs)
    )
    caches["local"].clear()

    never = {finding.faq_id for finding in findings(Kind.NEVER)}
    assert len(never) == faqs - 1
    assert "gift-card" not in never


def test_an_faq_past_its_review_date_is_out_of_date():
    Faq.objects.filter(slug="gift-card").update(review_by=timezone.localdate())

    assert [finding.faq_id for finding in findings(Kind.OUTDATED)] == ["gift-card"]


def test_near_duplicates_are_compared_once_after_each_release():
    release_with(slug="where", question="Where's my order?", answer="On its way.")
    Faq.objects.propose("Where's my order?", "On its way.", by="cleo")
    assert ReleaseComparison.objects.is_outdated()

    duplicates.compare()

    assert not ReleaseComparison.objects.is_outdated()
    assert "track-order" in {finding.faq_id for finding in findings(Kind.DUPLICATE)}


def test_an_erased_person_leaves_the_counts(three_of_five):
    call_command("audit_erase", "u0")

    (finding,) = findings(Kind.FEEDBACK)
    assert "3 of 5 ratings" in finding.numbers


# --- At the desk ---------------------------------------------------------------------------------


@pytest.fixture
def curator(client, django_user_model):
    user = django_user_model.objects.create_user("cleo", "cleo@shop.example", is_staff=True)
    user.groups.add(Group.objects.get(name="curator"))
    client.force_login(user)
    return client


def test_a_curator_sees_what_to_do_and_no_names(three_of_five, curator):
    page = curator.get("/admin/faq-health/").content.decode()

    assert "3 of 5 ratings" in page
    assert "correct the answer" in page
    assert "/admin/faq/faq/" in page
    assert not any(f">u{number}<" in page or f" u{number} " in page for number in range(5))


def test_support_does_not_see_it(client, django_user_model):
    user = django_user_model.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    client.force_login(user)

    assert client.get("/admin/faq-health/").status_code == 403


def test_a_reviewed_finding_counts_again_only_what_comes_after(three_of_five, curator):
    body = {"faq": "reset-password", "kind": "feedback"}

    page = curator.post("/admin/faq-health/reviewed/", body, follow=True).content.decode()

    assert "is marked as reviewed" in page
    assert findings(Kind.FEEDBACK) == []
    assert Record.objects.filter(action="faq.health_reviewed").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"faq": "no-such", "kind": "feedback"}, "faq"),
        ({"faq": "gift-card", "kind": "outdated"}, "kind"),
    ],
)
def test_a_bad_review_names_its_field(curator, body, field):
    page = curator.post("/admin/faq-health/reviewed/", body, follow=True).content.decode()

    assert f"{field}: Select a valid choice" in page
    assert not HealthReview.objects.exists()


def test_the_page_of_an_faq_shows_reasons_comments_and_what_its_last_change_brought(
    three_of_five, curator, later, as_role
):
    customer = as_role("customer", subject="ann")
    reply = customer.post("/ask", {"message": "How do I reset my password?"}, format="json")
    body = {"helpful": False, "reason": "outdated", "comment": "I am ann@example.com. No link."}
    customer.post(f"/asks/{reply.json()['ask_id']}/feedback", body, format="json")
    release = release_with(slug="reset-password", alternates=("my word to get in is gone",))
    later(days=5)
    answered(user_id="zoe")
    later(minutes=5)
    unanswered("zoe", {"closest": {"faq_id": "reset-password", "similarity": 0.7}})
    read_log()
    later(hours=1)

    # The session is over by then.
    curator.force_login(User.objects.get(username="cleo"))
    address = f"/admin/faq/faq/{Faq.objects.get(slug='reset-password').pk}/change/"
    response = curator.get(address)
    page, health = response.content.decode(), response.context["health"]

    assert "It is no longer true" in page
    assert "I am [EMAIL]. No link." in page
    change = health.since_change
    assert (change.release, change.days) == (release.number, 5)
    assert (change.before.asks, change.before.answered, change.before.unhelpful) == (6, 6, 4)
    assert (change.after.asks, change.after.answered) == (2, 1)
    assert list(health.next_questions) == ["How?"]
    assert f"5 days since release {release.number}" in page
    assert "1 of 2 questions near it answered" in page


def test_the_first_page_has_the_work_of_a_curator_and_no_gaps_for_support(
    three_of_five, curator, client, django_user_model
):
    health = curator.get("/admin/").context["health"]
    assert (health["count"], health["first"][0][0].slug) == (1, "reset-password")

    sam = django_user_model.objects.create_user("sam", is_staff=True)
    sam.groups.add(Group.objects.get(name="support"))
    client.force_login(sam)
    context = client.get("/admin/").context
    assert "waiting" in context
    assert not any(name in context for name in ("health", "gaps", "closed_gaps"))


# --- The weekly mail -----------------------------------------------------------------------------


@pytest.fixture
def owned(three_of_five, curator):
    Faq.objects.filter(slug="reset-password").update(owner="Cleo")


def test_an_owner_gets_one_mail_a_week_with_the_numbers_of_the_page(owned, later):
    assert [WeeklyMail.objects.send_due() for _ in range(3)] == [1, 0, 0]

    delivery = Delivery.objects.get(event="faq_health")
    (finding,) = findings(Kind.FEEDBACK)
    assert finding.numbers in delivery.payload["text"]
    assert delivery.mail_address() == "cleo@shop.example"

    later(days=7)
    assert WeeklyMail.objects.send_due() == 1


def test_no_mail_without_a_finding_nor_to_whom_has_stopped_it(owned, curator):
    Faq.objects.filter(slug="reset-password").update(owner="somebody-else")
    assert WeeklyMail.objects.send_due() == 0

    Faq.objects.filter(slug="reset-password").update(owner="cleo@shop.example")
    curator.post("/admin/faq-health/mail/", {"off": ""})
    assert WeeklyMail.objects.send_due() == 0

    curator.post("/admin/faq-health/mail/", {"on": ""})
    assert WeeklyMail.objects.send_due() == 1


def test_the_mail_arrives_by_smtp(owned, settings):
    with mail_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", urlsplit(mailbox.url).port
        WeeklyMail.objects.send_due()
        sending.deliver(str(Delivery.objects.get(event="faq_health").pk))

    (message,) = mailbox.messages
    assert (message["To"], message["Auto-Submitted"]) == ("cleo@shop.example", "auto-generated")
    assert "1 finding in your FAQs" in message["Subject"]
    assert "3 of 5 ratings" in " ".join(message.get_content().split())
    assert Delivery.objects.get(event="faq_health").status == Delivery.Status.DELIVERED
