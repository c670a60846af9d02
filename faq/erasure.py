"""Remove a person's name from the knowledge base. The text of FAQs stays."""

from __future__ import annotations

from audit.people.erasure import Person
from faq.models import Faq, Release, Upload


def erase(person: Person) -> dict[str, int]:
    names = person.names
    return {
        Upload._meta.db_table: Upload.objects.filter(by__in=names).delete()[0],
        Faq._meta.db_table: Faq.objects.filter(owner__in=names).update(owner=""),
        Release._meta.db_table: Release.objects.filter(published_by__in=names).update(
            published_by=person.replacement
        ),
    }
