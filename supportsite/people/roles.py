"""What each role of the desk may do, one line per role."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db.models import Case, QuerySet, Value, When

DESCRIPTIONS = {
    "support": "answers tickets, asks the FAQs, and proposes new ones",
    "curator": "writes and imports FAQs, and submits them",
    "publisher": "reviews and publishes FAQs, and rolls releases back",
    "auditor": "reads the audit trail",
}
"""By the name of the group, in the order in which a team needs them."""

ADMINISTRATOR = "may do everything, and invites colleagues"


def label(group: Group) -> str:
    """Such as ``Auditor: reads the audit trail``; a group of the site's own has its name only."""
    description = DESCRIPTIONS.get(group.name)
    return f"{group.name.capitalize()}: {description}" if description else group.name


def in_order(groups: QuerySet[Group]) -> QuerySet[Group]:
    """The four roles first, then the site's own groups by name."""
    places = [When(name=name, then=Value(place)) for place, name in enumerate(DESCRIPTIONS)]
    return groups.order_by(Case(*places, default=Value(len(places))), "name")
