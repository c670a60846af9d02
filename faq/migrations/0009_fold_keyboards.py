"""Phrasings that differ by keyboard alone are one: their keys are computed anew."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def compute_keys(apps: Any, schema_editor: Any) -> None:
    """Of two FAQs with one phrasing, which only now are one, the first has it."""
    from faq.phrasing import key_of

    claim = apps.get_model("faq", "Phrasing")
    owners: dict[bytes, int] = {}
    faqs = apps.get_model("faq", "Faq").objects.filter(retired=False).order_by("pk")
    for faq in faqs.prefetch_related("alternates").iterator(2000):
        for text in (faq.question, *(alternate.text for alternate in faq.alternates.all())):
            owners.setdefault(key_of(text), faq.pk)
    claim.objects.all().delete()
    claim.objects.bulk_create(
        [claim(key=key, faq_id=pk) for key, pk in owners.items()], batch_size=5000
    )


class Migration(migrations.Migration):
    dependencies = [("faq", "0008_ingested_files")]

    operations = [migrations.RunPython(compute_keys, migrations.RunPython.noop)]
