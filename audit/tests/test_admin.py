"""The audit trail in the desk can be searched and read, and never changed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import Record, record

pytestmark = pytest.mark.django_db

LIST = reverse("admin:audit_record_changelist")


@pytest.fixture
def admin():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.fixture
def entry():
    return record(
        "ticket.opened", actor="u1", kind="ticket", key=7, data={"message": "The lamp <b>broke</b>"}
    )


@pytest.fixture
def auditor():
    user = User.objects.create_user("axel", is_staff=True)
    user.user_permissions.set([Permission.objects.get(codename="view_record")])
    client = Client()
    client.force_login(user)
    return client


def page_of(entry):
    return reverse("admin:audit_record_change", args=[entry.pk])


def test_an_auditor_reads_a_record_whole(auditor, entry):
    page = auditor.get(page_of(entry)).content.decode()

    assert "ticket.opened" in page
    assert "The lamp &lt;b&gt;broke&lt;/b&gt;" in page
    assert "?q=ticket%3A7" in page
    # "Close" could mean to close a ticket.
    assert (">Close<" in page.replace(" ", "").replace("\n", ""), "Back\n" in page) == (False, True)


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [
        pytest.param({"q": "ticket:7"}, True, id="what it is about"),
        pytest.param({"action": "ticket.opened"}, True, id="its action"),
        pytest.param({"q": "ticket:8"}, False, id="nothing else"),
    ],
)
def test_a_record_is_listed_for_a_search_by(auditor, entry, query, is_listed):
    listed = auditor.get(LIST, query).context["cl"].result_list

    assert (entry in listed) is is_listed


def test_the_newest_comes_first(auditor, entry):
    newer = record("ticket.claimed", actor="sam", kind="ticket", key=7)

    listed = list(auditor.get(LIST).context["cl"].result_list)

    assert listed.index(newer) < listed.index(entry)


def test_even_an_admin_can_neither_add_nor_change_nor_delete(admin, entry):
    page, listing = admin.get(page_of(entry)).content, admin.get(LIST).content
    delete = reverse("admin:audit_record_delete", args=[entry.pk])

    for offer in (b'name="_save"', delete.encode(), b"/record/add/", b'name="_selected_action"'):
        assert offer not in page
        assert offer not in listing
    assert admin.get(reverse("admin:audit_record_add")).status_code == 403
    assert admin.post(page_of(entry), {"action": "x"}).status_code == 403
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [entry.pk]})
    assert Record.objects.filter(pk=entry.pk).exists()


def test_people_without_permission_see_nothing(entry):
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))

    assert client.get(LIST).status_code == 403
    assert client.get(page_of(entry)).status_code == 403


def test_more_records_take_no_more_queries(auditor, entry, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        auditor.get(LIST)
    for number in range(40):
        record("ticket.opened", actor=f"u{number}", kind="ticket", key=100 + number)

    with django_assert_max_num_queries(len(few)):
        auditor.get(LIST)
