"""Records as canonical bytes under people's keys, and the log that the sealer makes of them.

The table is made anew: no release has been made with its first shape, so nothing is carried over.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import audit.people.pseudonyms

PSEUDONYM = {
    "blank": True,
    "db_constraint": False,
    "db_index": False,
    "null": True,
    "on_delete": django.db.models.deletion.DO_NOTHING,
    "related_name": "+",
    "to": "audit.subjectkey",
}


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.DeleteModel(name="Record"),
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                (
                    "pseudonym",
                    models.CharField(max_length=20, primary_key=True, serialize=False),
                ),
                ("lookup", models.BinaryField(db_index=True, max_length=16)),
                ("name", models.CharField(help_text="Redacted.", max_length=200)),
                ("key", models.BinaryField(max_length=32)),
                ("created", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "action",
                    models.CharField(
                        help_text="noun.verbed, such as ticket.claimed", max_length=50
                    ),
                ),
                ("outcome", models.CharField(blank=True, max_length=50)),
                (
                    "actor_key",
                    audit.people.pseudonyms.Pseudonym(
                        db_column="actor", help_text="Who did it; empty: the site", **PSEUDONYM
                    ),
                ),
                (
                    "subject_key",
                    audit.people.pseudonyms.Pseudonym(
                        db_column="subject", help_text="Whom it concerns", **PSEUDONYM
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        blank=True, help_text="kind:key, such as ticket:12", max_length=250
                    ),
                ),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("canonical", models.BinaryField()),
                ("mac", models.BinaryField()),
            ],
            options={
                "verbose_name": "audit record",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["about"], name="audit_about"),
                    models.Index(fields=["action", "-id"], name="audit_action"),
                    models.Index(fields=["actor_key", "-id"], name="audit_actor"),
                    models.Index(fields=["subject_key", "-id"], name="audit_subject"),
                    models.Index(fields=["at"], name="audit_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "sequence",
                    models.BigIntegerField(
                        help_text="From 0, without gaps.", primary_key=True, serialize=False
                    ),
                ),
                ("record_id", models.BigIntegerField(unique=True)),
                (
                    "leaf",
                    models.BinaryField(help_text="RFC 6962's leaf hash of the canonical bytes."),
                ),
                (
                    "chain",
                    models.BinaryField(help_text="Hash of the chain's hash before and the leaf."),
                ),
            ],
            options={"ordering": ("sequence",)},
        ),
        migrations.CreateModel(
            name="SignedCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField(help_text="C2SP tlog-checkpoint")),
                (
                    "frontier",
                    models.BinaryField(help_text="Roots of the full subtrees, the largest first."),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ("size",)},
        ),
        migrations.CreateModel(
            name="PruneCertificate",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "note",
                    models.TextField(help_text="Signed: size, root, chain, export, erased people."),
                ),
                ("frontier", models.BinaryField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ("size",)},
        ),
    ]
