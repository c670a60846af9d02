"""The knowledge base at the desk: find an FAQ, edit its draft, publish it, retire it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from assistant import wiring
from audit.models import Record
from faq.models import AlternateQuestion, Faq, Release
from faq.releases.publishing import publish

pytestmark = pytest.mark.django_db

LIST = reverse("admin:faq_faq_changelist")
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _forget_the_live_release():
    """The process keeps the newest release it saw, which is one that a test rolls back."""
    for loaded in (wiring.live, wiring.get_assistant):
        loaded.cache_clear()
    yield
    for loaded in (wiring.live, wiring.get_assistant):
        loaded.cache_clear()


@pytest.fixture
def admin():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.fixture
def password_faq():
    return Faq.objects.get(slug="reset-password")


@pytest.fixture
def staff():
    def sign_in(*permissions):
        user = User.objects.create_user("sam", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def page_of(faq):
    return reverse("admin:faq_faq_change", args=[faq.pk])


def typed(faq, *, new_alternates=(), **fields):
    """The editor's form as a browser sends it: what the FAQ says, but for ``fields``."""
    stored = list(faq.alternates.all()) if faq.pk else []
    rows = [(row.pk, row.text) for row in stored] + [("", text) for text in new_alternates]
    form = {
        "question": faq.question,
        "answer": faq.answer,
        "category": faq.category,
        "audience": faq.audience,
        "owner": faq.owner,
        "review_by": faq.review_by or "",
        "slug": faq.slug,
        "threshold": "",
        "margin": "",
        "alternates-TOTAL_FORMS": len(rows),
        "alternates-INITIAL_FORMS": len(stored),
    }
    for number, (pk, text) in enumerate(rows):
        row = {"id": pk, "faq": faq.pk or "", "text": text}
        form |= {f"alternates-{number}-{name}": value for name, value in row.items()}
    return {**form, **fields}


def shown_messages(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def ask(as_role, question):
    return as_role("customer").post("/ask", {"message": question}, format="json").json()


def publish_with(client, faq, **typed_in):
    return client.post(page_of(faq), {**typed(faq, **typed_in), "_publish": ""})


def run(client, action, *faqs):
    return client.post(LIST, {"action": action, "_selected_action": [faq.pk for faq in faqs]})


# --- Saving ---------------------------------------------------------------------------------------


def test_the_next_ask_gives_the_answer_that_was_saved_and_published(admin, as_role, password_faq):
    reply = publish_with(admin, password_faq, answer="Call us.")

    assert reply.status_code == 302
    assert shown_messages(reply)[-1] == "Release 2 is live. Customers get answers from it now."
    answered = ask(as_role, password_faq.question)
    assert (answered["answer"], answered["release"]) == ("Call us.", 2)
    assert Release.objects.live().published_by == "ada"


def test_the_record_names_the_field_its_old_and_its_new_text(admin, password_faq):
    admin.post(
        page_of(password_faq), typed(password_faq, new_alternates=["Where do I get a new login?"])
    )

    audit_record = Record.objects.all().about("faq", "reset-password").first()
    assert (audit_record.action, audit_record.actor) == ("faq.changed", "ada")
    (field, values), *others = audit_record.data["fields"].items()
    assert (field, others) == ("alternates", [])
    assert set(values["after"]) - set(values["before"]) == {"Where do I get a new login?"}


def test_what_is_only_saved_stays_a_draft(admin, as_role, password_faq):
    reply = admin.post(page_of(password_faq), typed(password_faq, answer="Call us."))

    assert shown_messages(reply)[-1].startswith("Saved as a draft")
    assert Release.objects.live().number == 1
    assert ask(as_role, password_faq.question)["answer"] == password_faq.answer
    assert Faq.objects.with_status().get(pk=password_faq.pk).status == "changed"


@pytest.mark.usefixtures("no_vectors")
def test_publishing_one_faq_does_not_sweep_a_colleagues_draft_along(admin, password_faq):
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")

    publish_with(admin, password_faq, answer="Call us.")

    live = Release.objects.live().contents()
    assert live["reset-password"].answer == "Call us."
    assert "umbrella" not in live


def test_of_two_curators_saving_one_faq_the_second_gets_an_error(admin, password_faq):
    seen = admin.get(page_of(password_faq)).context["adminform"].form.initial["seen"]
    mine = typed(password_faq, answer="Mine.", seen=seen)
    admin.post(page_of(password_faq), typed(password_faq, answer="Theirs.", seen=seen))

    reply = admin.post(page_of(password_faq), mine)

    page = reply.content.decode()
    assert "Someone else saved this FAQ while you were editing it" in page
    assert "Mine." in page
    assert Faq.objects.get(pk=password_faq.pk).answer == "Theirs."


def test_the_nearest_other_faqs_and_near_duplicates_are_shown(admin):
    draft = Faq(slug="forgot", question="I have forgotten my password", answer="Call us.")

    reply = shown_messages(admin.post(reverse("admin:faq_faq_add"), typed(draft)))

    assert any("is nearly the same as" in line and "reset-password" in line for line in reply)
    assert any(line.startswith("Closest other FAQs: reset-password (0.") for line in reply)


@pytest.mark.usefixtures("no_vectors")
def test_saving_what_is_there_makes_no_release(admin, password_faq):
    Faq.objects.filter(pk=password_faq.pk).update(answer="One.\nTwo.")
    publish(actor="tester")
    before = Release.objects.live()

    reply = publish_with(admin, password_faq, answer="One.\r\nTwo.")

    assert shown_messages(reply)[-1] == "No draft differs from the live release."
    assert Release.objects.live() == before
    assert Faq.objects.get(pk=password_faq.pk).answer == "One.\nTwo."


def test_a_new_faq_is_a_draft_that_ask_does_not_use_yet(admin, as_role):
    draft = Faq(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")

    reply = admin.post(reverse("admin:faq_faq_add"), typed(draft))

    assert shown_messages(reply)[-1].startswith("Saved as a draft")
    assert Release.objects.live().number == 1
    assert ask(as_role, draft.question)["outcome"] != "answered"


@pytest.mark.parametrize(
    "phrasing",
    [
        pytest.param("i FORGOT   my password!!", id="an FAQ's question in other letters"),
        pytest.param("“Change my password”", id="an alternate question in quotes"),
    ],
)
@pytest.mark.parametrize("place", ["question", "alternate"])
def test_a_phrasing_of_another_faq_is_refused_and_what_was_typed_stays(admin, phrasing, place):
    question = phrasing if place == "question" else "Do you lend umbrellas?"
    faq = Faq(slug="umbrella", question=question, answer="Typed with care.")
    alternates = [phrasing] if place == "alternate" else []

    reply = admin.post(reverse("admin:faq_faq_add"), typed(faq, new_alternates=alternates))

    page = reply.content.decode()
    assert reply.status_code == 200
    assert "This is already a question of reset-password." in page
    assert "Typed with care." in page
    assert phrasing in page
    assert not Faq.objects.filter(slug="umbrella").exists()
    assert Release.objects.live().number == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"question": "?!…\u200b"}, id="a question of punctuation"),
        pytest.param({"answer": "\u200b\u2060"}, id="an invisible answer"),
    ],
)
def test_what_nobody_could_read_is_refused(admin, password_faq, fields):
    reply = admin.post(page_of(password_faq), typed(password_faq, **fields))

    assert reply.status_code == 200
    assert Release.objects.live().number == 1


def test_typed_values_are_stored_like_those_of_a_file(admin, password_faq):
    decomposed = "Cafe\u0301 pass?"

    admin.post(page_of(password_faq), typed(password_faq, new_alternates=[decomposed]))

    assert password_faq.alternates.last().text == "Caf\u00e9 pass?"


def test_a_retired_faq_may_keep_a_phrasing_that_another_took_over(admin):
    old = Faq.objects.create(
        slug="old", question="I forgot my password", answer="Old.", retired=True
    )

    reply = admin.post(page_of(old), typed(old, answer="Older."))

    assert reply.status_code == 302
    assert Faq.objects.get(slug="old").answer == "Older."


def test_the_id_of_a_new_faq_is_proposed_from_its_question(admin):
    (proposed,) = admin.get(reverse("admin:faq_faq_add")).context["adminform"].prepopulated_fields

    assert proposed["field"].name == "slug"
    assert [field.name for field in proposed["dependencies"]] == ["question"]


def test_the_id_is_fixed_once_others_know_it(admin, password_faq):
    admin.post(page_of(password_faq), typed(password_faq, slug="other"))

    assert Faq.objects.get(pk=password_faq.pk).slug == "reset-password"


# --- Publishing and retiring ----------------------------------------------------------------------


def test_a_retired_faq_answers_no_more_and_a_published_one_again(admin, as_role, password_faq):
    retired = run(admin, "retire_selected", password_faq)

    assert shown_messages(retired) == [
        "1 FAQ retired.",
        "Release 2 is live. Customers get answers from it now.",
    ]
    assert ask(as_role, password_faq.question)["faq_id"] is None

    published = run(admin, "restore_selected", password_faq)

    assert shown_messages(published)[-1] == "Release 3 is live. Customers get answers from it now."
    assert ask(as_role, password_faq.question)["faq_id"] == "reset-password"


def test_what_would_give_two_faqs_one_phrasing_is_not_brought_back(admin):
    question = "I forgot my password"
    old = Faq.objects.create(slug="old", question=question, answer="Old.", retired=True)

    reply = run(admin, "restore_selected", old)

    assert shown_messages(reply)[0].startswith("Nothing was changed")
    assert "is a phrasing of both old and reset-password" in shown_messages(reply)[0]
    assert Faq.objects.get(slug="old").retired


@pytest.mark.usefixtures("no_vectors")
def test_a_phrasing_moves_to_another_faq_only_with_both(admin, password_faq):
    first, second = (
        Faq.objects.create(slug=slug, question=f"Umbrella {slug}?", answer="Yes.")
        for slug in ("one", "two")
    )
    moved = first.alternates.create(text="Lend me an umbrella")
    publish(actor="tester")
    moved.delete()
    second.alternates.create(text="Lend me an umbrella")

    alone = run(admin, "publish_selected", second)
    together = run(admin, "publish_selected", first, second)

    assert "is a phrasing of both one and two" in shown_messages(alone)[0]
    assert shown_messages(together)[-1] == "Release 3 is live. Customers get answers from it now."


def test_without_chroma_it_is_published_all_the_same(admin, as_role, password_faq, settings):
    settings.CHROMA_URL = NOWHERE

    reply = publish_with(admin, password_faq, answer="Call us.")

    assert shown_messages(reply)[-1] == "Release 2 is live. Customers get answers from it now."
    assert ask(as_role, password_faq.question)["answer"] == "Call us."


# --- Finding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"q": "forgot password"}, {"reset-password"}, id="words of the question"),
        pytest.param({"q": "I can't sign in"}, {"reset-password"}, id="an alternate question"),
        pytest.param({"q": "reset-password"}, {"reset-password"}, id="the id"),
        pytest.param({"status": "draft"}, {"umbrella"}, id="status"),
        pytest.param({"category": "gadgets"}, {"umbrella"}, id="category"),
        pytest.param({"q": "password", "category": "gadgets"}, set(), id="both at once"),
    ],
)
def test_faqs_are_found_by(admin, query, expected):
    Faq.objects.create(slug="umbrella", question="An umbrella?", answer="Yes.", category="gadgets")

    faqs = admin.get(LIST, query).context["cl"].result_list

    assert {faq.slug for faq in faqs} == expected


def test_a_search_does_not_change_the_number_of_phrasings(admin, password_faq):
    (matches,) = admin.get(LIST, {"q": "password"}).context["cl"].result_list

    assert matches.alternate_count == password_faq.alternates.count()


def test_the_list_of_2000_faqs_takes_as_many_queries_as_that_of_45(
    admin, django_assert_max_num_queries
):
    with django_assert_max_num_queries(19) as few:
        admin.get(LIST)
    faqs = Faq.objects.bulk_create(
        Faq(slug=f"many-{n}", question=f"Question {n}?", answer="Yes.", category=f"c{n % 9}")
        for n in range(2000)
    )
    AlternateQuestion.objects.bulk_create(
        AlternateQuestion(faq=faq, text=f"Alternate {n}?") for faq in faqs for n in range(3)
    )

    with django_assert_max_num_queries(len(few)):
        page = admin.get(LIST, {"q": "alternate question"})

    assert page.context["cl"].result_count == 2000


# --- Who may ------------------------------------------------------------------------------------


def test_people_with_read_permission_can_change_nothing(staff, password_faq):
    client = staff("view_faq")

    assert client.get(page_of(password_faq)).status_code == 200
    assert b'name="_save"' not in client.get(page_of(password_faq)).content
    assert client.post(page_of(password_faq), typed(password_faq)).status_code == 403
    run(client, "retire_selected", password_faq)
    assert not Faq.objects.get(pk=password_faq.pk).retired
    assert client.get(reverse("admin:faq_release_changelist")).status_code == 403


def test_people_who_may_change_an_faq_may_change_its_alternates(staff, password_faq):
    client = staff("view_faq", "change_faq")

    client.post(page_of(password_faq), typed(password_faq, new_alternates=["A new login?"]))

    assert password_faq.alternates.filter(text="A new login?").exists()


def test_nobody_deletes_an_faq(admin, password_faq):
    delete = reverse("admin:faq_faq_delete", args=[password_faq.pk])

    assert delete.encode() not in admin.get(page_of(password_faq)).content
    assert b"delete_selected" not in admin.get(LIST).content
    assert admin.post(delete, {"post": "yes"}).status_code == 403


def test_releases_are_read_and_never_touched(admin):
    release = Release.objects.live()
    page = reverse("admin:faq_release_change", args=[release.pk])

    shown = admin.get(page)

    assert "reset-password" in shown.content.decode()
    assert b'name="_save"' not in shown.content
    assert admin.post(page, {"note": "Mine."}).status_code == 403
    assert admin.get(reverse("admin:faq_release_add")).status_code == 403
    assert admin.post(reverse("admin:faq_release_delete", args=[release.pk])).status_code in (
        *(403, 404),
    )
