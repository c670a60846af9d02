"""An FAQ's row becomes its draft: what is live is what the live release says."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

FRACTION = [MinValueValidator(0.0), MaxValueValidator(1.0)]


def keep_retired(apps: Any, schema_editor: Any) -> None:
    apps.get_model("faq", "Faq").objects.filter(status="retired").update(retired=True)


def restore_status(apps: Any, schema_editor: Any) -> None:
    faqs = apps.get_model("faq", "Faq").objects
    faqs.filter(retired=True).update(status="retired")
    faqs.filter(retired=False).update(status="published")


def settle(apps: Any, schema_editor: Any) -> None:
    """Digests and claims as ``FaqQuerySet.settle`` makes them.

    Of two FAQs with one phrasing, which nothing forbade between drafts, the first has it; saving
    the other one tells its curator.
    """
    from faq.content import Content
    from faq.phrasing import key_of

    model, claim = apps.get_model("faq", "Faq"), apps.get_model("faq", "Phrasing")
    owners: dict[bytes, int] = {}
    faqs = []
    for faq in model.objects.order_by("pk").prefetch_related("alternates").iterator(2000):
        alternates = sorted(faq.alternates.all(), key=lambda alternate: alternate.pk)
        content = Content(
            faq.slug,
            faq.question,
            faq.answer,
            faq.category,
            tuple(alternate.text for alternate in alternates),
            faq.threshold,
            faq.margin,
        )
        faq.digest = content.digest
        faqs.append(faq)
        for phrasing in () if faq.retired else content.phrasings:
            owners.setdefault(key_of(phrasing), faq.pk)
    model.objects.bulk_update(faqs, ["digest"], batch_size=1000)
    claim.objects.bulk_create(
        [claim(key=key, faq_id=pk) for key, pk in owners.items()], batch_size=5000
    )


class Migration(migrations.Migration):
    dependencies = [("faq", "0002_thresholds")]

    operations = [
        migrations.AddField(
            "faq",
            "audience",
            models.CharField(
                blank=True,
                default="",
                max_length=100,
                help_text="Only callers of this audience are answered with it; empty: everybody.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "faq",
            "owner",
            models.CharField(
                blank=True, default="", max_length=200, help_text="Who keeps it right."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "faq",
            "review_by",
            models.DateField(blank=True, null=True, help_text="When to read it again."),
        ),
        migrations.AddField(
            "faq",
            "retired",
            models.BooleanField(
                default=False,
                help_text="The next release goes without it; it stays here to be read.",
            ),
        ),
        migrations.AddField(
            "faq",
            "digest",
            models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=64,
                help_text="Of its content; see settle.",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(keep_retired, restore_status),
        migrations.RemoveIndex("faq", "faq_status"),
        migrations.RemoveField("faq", "status"),
        migrations.AddIndex("faq", models.Index(fields=["retired"], name="faq_retired")),
        migrations.AddIndex("faq", models.Index(fields=["review_by"], name="faq_review_by")),
        migrations.AddField(
            "revision",
            "audience",
            models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddIndex("revision", models.Index(fields=["slug"], name="faq_revision_slug")),
        migrations.AddField(
            "release",
            "model",
            models.CharField(
                blank=True,
                default="",
                max_length=500,
                help_text="Where that model is; empty: LOCAL_EMB_MODEL.",
            ),
            preserve_default=False,
        ),
        migrations.AlterModelOptions(
            "release",
            {
                "ordering": ("-number",),
                "permissions": (("publish_release", "Can publish and roll back"),),
            },
        ),
        migrations.CreateModel(
            "Phrasing",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.BinaryField(
                        max_length=32, unique=True, help_text="SHA-256, normalised."
                    ),
                ),
                (
                    "faq",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="faq.faq",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "Hit",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=100)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"indexes": [models.Index(fields=["slug", "at"], name="faq_hit_when")]},
        ),
        migrations.AlterField(
            "faq",
            "threshold",
            models.FloatField(
                blank=True,
                null=True,
                validators=FRACTION,
                help_text="Least similarity to answer with it; empty: its category's, or the "
                "policy's.",
            ),
        ),
        migrations.RunPython(settle, migrations.RunPython.noop),
    ]
