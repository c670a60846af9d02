from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from audit.models import Record

pytestmark = pytest.mark.django_db


def test_signing_in_and_out_and_failing_to_are_recorded(client):
    User.objects.create_user("sam", password="right-horse-battery", is_staff=True)

    client.post("/admin/login/", {"username": "sam", "password": "wrong"})
    client.post("/admin/login/", {"username": "sam", "password": "right-horse-battery"})
    client.post("/admin/logout/")

    entries = Record.objects.by("sam").order_by("id")
    assert [entry.action for entry in entries] == [
        *("user.sign_in_refused", "user.signed_in", "user.signed_out"),
    ]
    assert all("password" not in str(entry.data) for entry in entries)
