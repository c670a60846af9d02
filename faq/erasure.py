"""Remove a person's name from the knowledge base. The text of FAQs stays."""

from __future__ import annotations

from audit.people.erasure import Person
from faq.models import BackgroundJob, DraftComment, Faq, Release, Source, Upload


def erase(person: Person) -> dict[str, int]:
    names, new_name = person.names, person.replacement
    staged = Faq.objects.filter(submitted_by__in=names)
    comments = DraftComment.objects.filter(author__in=names)
    releases = Release.objects.filter(published_by__in=names)
    return {
        BackgroundJob._meta.db_table: BackgroundJob.objects.filter(by__in=names).delete()[0],
        Upload._meta.db_table: Upload.objects.filter(by__in=names).delete()[0],
        Faq._meta.db_table: Faq.objects.filter(owner__in=names).update(owner="")
        + staged.update(submitted_by=new_name),
        Source._meta.db_table: Source.objects.filter(owner__in=names).update(owner=""),
        DraftComment._meta.db_table: comments.update(author=new_name),
        Release._meta.db_table: releases.update(published_by=new_name),
    }
