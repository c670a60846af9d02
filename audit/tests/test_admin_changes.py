"""Every change in the admin is on the record: which field, from what to what, by whom."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from audit.admin_history import differences
from audit.models import AuditUnavailable, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(db) -> User:
    return User.objects.create_user("sam", password="right-horse-battery", is_staff=True)


def changes(action: str) -> dict:
    return Record.objects.get(action=action).data["fields"]


def form_of(client, url: str) -> dict:
    """What a person sends who opens the form and changes nothing."""
    fields = client.get(url).context["adminform"].form
    data = {name: fields.get_initial_for_field(f, name) for name, f in fields.fields.items()}
    dates = {"last_login_0": "", "last_login_1": "", "date_joined_0": "", "date_joined_1": ""}
    return {**dates, **{name: value for name, value in data.items() if value not in (None, False)}}


def test_a_changed_account_is_recorded_field_by_field(admin_client, sam):
    url = reverse("admin:auth_user_change", args=[sam.pk])
    group = Group.objects.create(name="support team")

    reply = admin_client.post(
        url, {**form_of(admin_client, url), "first_name": "Samira", "groups": [group.pk]}
    )

    assert reply.status_code == 302
    fields = changes("user.changed")
    assert fields["first_name"] == {"before": "", "after": "Samira"}
    assert fields["groups"] == {"before": [], "after": ["support team"]}
    entry = Record.objects.get(action="user.changed")
    assert (entry.actor, entry.subject, entry.about) == ("admin", "sam", f"user:{sam.pk}")
    assert b"Samira" not in bytes(entry.canonical)


def test_a_new_password_is_recorded_without_it(admin_client, sam):
    url = reverse("admin:auth_user_password_change", args=[sam.pk])

    new = {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    reply = admin_client.post(url, {**new, "usable_password": "true"})

    assert reply.status_code == 302
    assert changes("user.changed") == {"password": {"before": "(hidden)", "after": "(hidden)"}}


def test_what_is_added_and_deleted_is_recorded(admin_client):
    admin_client.post(reverse("admin:auth_group_add"), {"name": "night shift"})
    group = Group.objects.get(name="night shift")
    admin_client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})

    assert changes("group.added")["name"] == {"before": None, "after": "night shift"}
    assert changes("group.deleted")["name"] == {"before": "night shift", "after": None}


def test_a_form_saved_without_a_change_is_no_change(admin_client, sam):
    url = reverse("admin:auth_user_change", args=[sam.pk])

    admin_client.post(url, form_of(admin_client, url))

    assert not Record.objects.filter(action="user.changed").exists()


def test_what_cannot_be_recorded_is_not_changed(admin_client, sam, monkeypatch):
    url = reverse("admin:auth_user_change", args=[sam.pk])
    data = {**form_of(admin_client, url), "first_name": "Samira"}
    monkeypatch.setattr(Record._meta.get_field("action"), "column", "no_such_column")

    with pytest.raises(AuditUnavailable):
        admin_client.post(url, data)

    sam.refresh_from_db()
    assert sam.first_name == ""


def test_only_changed_fields_are_recorded():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": {"before": 2, "after": 3}}
