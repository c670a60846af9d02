"""Roles at the desk: groups made by migration, each with what it works on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from faq.models import Faq, Release

pytestmark = pytest.mark.django_db

REVIEW = reverse("admin:faq_release_review")


@pytest.fixture
def signed_in():
    def sign_in(role):
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def drafted():
    faq = Faq.objects.get(slug="reset-password")
    faq.answer = "Call us."
    faq.save()
    return faq


def publish(client, faq, **more):
    page = client.get(REVIEW)
    change = f"{faq.slug}={page.context['changes'][0].value.partition('=')[2]}"
    return client.post(REVIEW, {"change": change, "_selected": "", "note": "Mine", **more})


def test_no_permission_is_there_twice():
    names = list(Permission.objects.values_list("content_type__app_label", "codename"))

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("role", "opened"),
    [
        ("curator", {"faq_faq_changelist", "faq_release_review", "faq_faq_import"}),
        ("publisher", {"faq_faq_changelist", "faq_release_review", "faq_faq_import"}),
        ("support", {"tickets_ticket_changelist", "faq_faq_changelist"}),
        ("auditor", {"audit_record_changelist"}),
    ],
)
def test_each_role_opens_what_it_works_on_and_nothing_else(role, opened, signed_in):
    client = signed_in(role)
    pages = [
        *("faq_faq_changelist", "faq_release_review", "faq_faq_import"),
        *("tickets_ticket_changelist", "audit_record_changelist", "auth_user_changelist"),
    ]

    text = {page for page in pages if client.get(reverse(f"admin:{page}")).status_code == 200}

    assert text == opened


def test_a_publisher_publishes_what_is_chosen(signed_in, drafted):
    publish(signed_in("publisher"), drafted)

    live = Release.objects.live()
    assert (live.number, live.note, live.published_by) == (2, "Mine", "publisher")


def test_what_changed_after_the_page_was_opened_is_not_published(signed_in, drafted):
    client = signed_in("publisher")
    page = client.get(REVIEW)
    drafted.answer = "Write to us."
    drafted.save()

    client.post(REVIEW, {"change": page.context["changes"][0].value, "_selected": ""})
    client.post(REVIEW, {"reviewed": page.context["reviewed"], "_all": ""})

    assert Release.objects.live().number == 1


def test_a_curator_looks_at_the_review_and_cannot_publish(signed_in, drafted):
    client = signed_in("curator")
    editor = reverse("admin:faq_faq_change", args=[drafted.pk])

    assert b"Publish all" not in client.get(REVIEW).content
    assert b'name="_publish"' not in client.get(editor).content
    assert publish(client, drafted).status_code == 403
    rollback = reverse("admin:faq_release_rollback", args=[Release.objects.live().pk])
    assert client.post(rollback).status_code == 403
    assert Release.objects.count() == 1


def test_the_editor_shows_who_changed_what(signed_in, drafted):
    client = signed_in("curator")
    editor = reverse("admin:faq_faq_change", args=[drafted.pk])
    form = client.get(editor).context["adminform"].form
    rows = [("", "")]
    management = {"alternates-TOTAL_FORMS": len(rows) - 1, "alternates-INITIAL_FORMS": 0}
    fields = {name: form.initial.get(name) or "" for name in form.fields}

    client.post(editor, {**fields, **management, "answer": "Other."})

    (latest, *_) = client.get(editor).context["history"]
    assert (latest["by"], latest["label"], latest["fields"]) == ("curator", "changed", "answer")
