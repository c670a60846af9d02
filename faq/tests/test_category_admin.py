from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from audit.models import Record
from faq.models import CategoryRule
from faq.releases.publishing import draft_knowledge_base

pytestmark = pytest.mark.django_db


def test_a_categorys_threshold_is_set_in_the_admin_and_recorded(admin_client):
    admin_client.post(
        "/admin/faq/categoryrule/add/", {"category": "account", "threshold": "0.9", "margin": ""}
    )

    rule = CategoryRule.objects.get()
    assert (rule.category, rule.threshold, rule.margin) == ("account", 0.9, None)
    assert draft_knowledge_base().rules["account"].threshold == 0.9
    assert Record.objects.filter(about=f"categoryrule:{rule.pk}").exists()


@pytest.mark.parametrize("threshold", ["1.1", "-0.1", "nan"])
def test_a_threshold_is_between_0_and_1(admin_client, threshold):
    admin_client.post(
        "/admin/faq/categoryrule/add/",
        {"category": "account", "threshold": threshold, "margin": ""},
    )

    assert not CategoryRule.objects.exists()


@pytest.mark.parametrize(("group", "status"), [("publisher", 200), ("curator", 403)])
def test_publishers_set_them_and_curators_do_not(client, django_user_model, group, status):
    person = django_user_model.objects.create_user("pat", is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client.force_login(person)

    response = client.get("/admin/faq/categoryrule/")

    assert response.status_code == status
