from __future__ import annotations

import pytest

from audit.models import Record
from faq.models import CategoryRule
from faq.publishing import current

pytestmark = pytest.mark.django_db


def test_a_categorys_threshold_is_set_in_the_admin_and_recorded(admin_client):
    admin_client.post(
        "/admin/faq/categoryrule/add/", {"category": "account", "threshold": "0.9", "margin": ""}
    )

    rule = CategoryRule.objects.get()
    assert (rule.category, rule.threshold, rule.margin) == ("account", 0.9, None)
    assert current().rules["account"].threshold == 0.9
    assert Record.objects.filter(about=f"categoryrule:{rule.pk}").exists()


@pytest.mark.parametrize("threshold", ["1.1", "-0.1", "nan"])
def test_a_threshold_is_between_0_and_1(admin_client, threshold):
    admin_client.post(
        "/admin/faq/categoryrule/add/",
        {"category": "account", "threshold": threshold, "margin": ""},
    )

    assert not CategoryRule.objects.exists()
