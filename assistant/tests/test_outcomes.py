"""Needs and their ends are folded from the sealed log: each record once, or rebuilt."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from assistant.models import Need, NeedAsk, SampledAsk, TicketTimes
from assistant.outcomes import figures, fold
from assistant.outcomes.rows import row_values
from assistant.outcomes.sample import draw_sample, monday
from assistant.outcomes.selection import Selection
from assistant.tests.outcome_records import CLOSED, OPEN, VISITORS, History
from audit.models import LogPosition, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(monkeypatch, settings, tmp_path) -> History:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    return History(monkeypatch)


@pytest.fixture
def hundred(history) -> History:
    history.hundred()
    history.fold()
    return history


def counts():
    return figures.need_counts(Selection.latest(28)).ends


def table(model):
    return [row_values(row) for row in model.objects.order_by("pk")]


def everything():
    return [table(model) for model in (Need, NeedAsk, TicketTimes)]


def ends():
    return list(Need.objects.order_by("first").values_list("end", flat=True))


def test_a_hundred_needs_have_exactly_their_ends(hundred):
    ends = counts()

    assert dict(ends.closed) == CLOSED
    assert (ends.open, sum(ends.anonymous.values())) == (OPEN, VISITORS)
    assert ends.rates["resolution"].as_dict() == {
        "count": 60,
        "total": 100,
        "value": 0.6,
        "interval": [0.502, 0.6906],
    }
    assert ends.rates["confirmed"].value == 0.2
    assert ends.rates["abandonment"].value == 0.15
    assert figures.escalations(Selection.latest(28)) == [("unhelpful", 15)]


def test_nothing_is_counted_twice_and_a_rebuild_gives_the_same_rows(hundred, monkeypatch):
    before = everything()
    assert hundred.fold() == 0

    # Other batches than those of the first fold.
    monkeypatch.setattr(fold, "BATCH_SIZE", 7)
    call_command("fold_outcomes", "--rebuild", stdout=StringIO())

    assert everything() == before


def test_erasing_a_person_leaves_the_counts_also_after_a_rebuild(hundred):
    before = counts()

    for person in ("contained-0", "escalated-0", "abandoned-0"):
        call_command("audit_erase", person, stdout=StringIO())
    hundred.fold()
    fold.rebuild()

    assert counts() == before
    rows = json.dumps(everything(), default=str)
    assert "contained-1" not in rows


def test_a_ticket_of_day_6_escalates_and_one_of_day_8_does_not(history):
    for person, days in (("early", 6), ("late", 8)):
        at = history.at(20)
        history.ask(person, at)
        history.ticket(person, at + timedelta(days=days))
    history.go_to(history.now)
    history.fold()

    assert sorted(ends()) == ["contained", "escalated"]


def test_a_need_changes_with_what_comes_later(history):
    first = history.ask("ann", history.at(3))
    history.go_to(history.now)
    history.fold()
    assert (ends(), counts().open) == (["contained"], 1)

    history.rate("ann", first, history.at(2.5), helpful=True)
    history.fold()
    assert ends() == ["confirmed"]

    history.ask("ann", history.at(3, minutes=5), "unanswered")
    history.fold()
    assert ends() == ["abandoned"]

    history.ticket("sam", history.at(1), ask_id=first)
    history.fold()
    assert ends() == ["escalated"]


def test_asks_of_one_conversation_join_two_needs_when_they_meet(history):
    history.ask("ann", history.at(3), conversation_id="x")
    history.ask("ann", history.at(2), conversation_id="y")
    history.fold()
    assert Need.objects.count() == 2

    history.ask("ann", history.at(1), conversation_id="x")
    history.ask("ann", history.at(1, minutes=1), conversation_id="y")
    history.fold()

    assert [need.asks for need in Need.objects.all()] == [4]
    assert NeedAsk.objects.filter(need=Need.objects.get()).count() == 4


def test_a_fold_that_dies_half_way_is_done_again(history, monkeypatch):
    history.ask("ann", history.at(3))

    with monkeypatch.context() as killed:
        killed.setattr(LogPosition, "save", _dies)
        with pytest.raises(KeyboardInterrupt):
            history.fold()
    assert Need.objects.count() == 0
    fold.fold_new()

    assert Need.objects.count() == 1


def _dies(self, **_):
    raise KeyboardInterrupt


def test_the_times_of_tickets_and_whether_they_were_in_time(history):
    ticket = history.ticket("ann", history.at(3))
    history.go_to(history.at(3, minutes=10))
    ticket.comment("Internal.", by="sam", is_internal=True)
    history.go_to(history.at(3, minutes=20))
    ticket.comment("Any news?", by="ann", from_desk=False)
    history.go_to(history.at(3, minutes=30))
    ticket.comment("Here you are.", by="sam")
    history.go_to(history.at(3, minutes=60))
    ticket.resolve(by="sam")
    history.go_to(history.now)
    history.fold()

    (of_sam,) = figures.tickets_by(Selection.latest(28), "assignee")

    assert (of_sam.name, of_sam.opened, of_sam.replied, of_sam.resolved) == ("sam", 1, 1, 1)
    assert of_sam.first_reply == timedelta(minutes=30)
    assert of_sam.resolution == timedelta(hours=1)
    assert (of_sam.sla.count, of_sam.sla.total) == (1, 1)


def test_real_asks_are_needs_with_their_audience_and_category(as_role):
    customer = as_role("customer", audiences=["business"])
    body = {"message": "How do I reset my password?", "audience": "business"}
    customer.post("/ask", body, format="json")
    call_command("audit_seal", verbosity=0)

    fold.fold_new()

    need = Need.objects.get()
    assert (need.end, need.faq_id, need.audiences) == ("contained", "reset-password", ["business"])
    assert not need.is_visitor
    assert need.could_escalate
    today = Selection.latest(1)
    assert Selection(today.first, today.last, audience="business").needs().count() == 1
    assert Selection(today.first, today.last, category="nothing").needs().count() == 0


# --- The weekly sample ----------------------------------------------------------------------------


def test_a_sample_depends_on_its_seed_alone():
    ids = [f"{number:03}" for number in range(100)]

    assert draw_sample(ids, "2026-11-02") == draw_sample(list(reversed(ids)), "2026-11-02")
    assert draw_sample(ids, "2026-11-02") != draw_sample(ids, "2026-11-09")
    assert len(set(draw_sample(ids, "2026-11-02"))) == 20
    assert sorted(draw_sample(ids[:3], "2026-11-02")) == ids[:3]


def test_twenty_answers_of_a_week_are_drawn_once_and_judged(history):
    friday = history.now.weekday() + 10
    for number in range(30):
        history.ask(f"u{number}", history.at(friday, minutes=number))
    history.go_to(history.now)
    history.fold()

    assert SampledAsk.objects.draw_due() == 20
    assert SampledAsk.objects.draw_due() == 0
    samples = list(SampledAsk.objects.all())
    for sample in samples[:18]:
        sample.judge("right", by="sam")
    samples[18].judge("wrong", by="sam", expected="order-limit")
    samples[19].judge("out_of_scope", by="sam")

    assert {sample.week for sample in samples} == {monday(history.at(friday))}
    precision = figures.precision(Selection.latest(28))
    assert (precision.count, precision.total, precision.value) == (18, 20, 0.9)
    labels = list(SampledAsk.objects.label_lines())
    assert labels[0] == "query,expected_id\r\n"
    assert sorted(line.rsplit(",", 1)[1].strip() for line in labels[1:]) == [
        "",
        "order-limit",
        *["reset-password"] * 18,
    ]
    judged = Record.objects.filter(action="ask.judged")
    assert judged.count() == 20
    assert judged.first().data["verdict"] == "out_of_scope"
