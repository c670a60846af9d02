import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0013_faq_proposals"),
        ("tickets", "0009_mail_about_no_ticket"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SampledAsk",
            fields=[
                ("ask_id", models.UUIDField(primary_key=True, serialize=False)),
                ("week", models.DateField(db_index=True, help_text="Its Monday, in UTC.")),
                ("at", models.DateTimeField(db_index=True)),
                ("record_id", models.BigIntegerField()),
                (
                    "faq_id",
                    models.CharField(
                        blank=True, help_text="The FAQ that answered.", max_length=100
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("right", "Right"),
                            ("wrong", "Wrong"),
                            ("out_of_scope", "Out of scope"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "expected",
                    models.CharField(
                        blank=True, help_text="The FAQ that is right.", max_length=100
                    ),
                ),
                ("judged", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "sampled answer",
                "ordering": ("week", "ask_id"),
            },
        ),
        migrations.CreateModel(
            name="Need",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("person", models.CharField(max_length=64)),
                ("first", models.DateTimeField(help_text="The time of its first ask.")),
                ("last", models.DateTimeField(help_text="The time of its last ask.")),
                ("asks", models.PositiveIntegerField()),
                (
                    "end",
                    models.CharField(
                        choices=[
                            ("escalated", "escalated"),
                            ("rejected", "rejected"),
                            ("abandoned", "abandoned"),
                            ("confirmed", "confirmed"),
                            ("contained", "contained"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "escalation",
                    models.CharField(blank=True, help_text="The ticket's reason.", max_length=12),
                ),
                (
                    "faq_id",
                    models.CharField(blank=True, help_text="Of its last ask.", max_length=100),
                ),
                (
                    "audiences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                (
                    "is_visitor",
                    models.BooleanField(default=False, help_text="Asked without an identity."),
                ),
                (
                    "could_escalate",
                    models.BooleanField(default=True, help_text="Could have opened a ticket."),
                ),
            ],
            options={
                "ordering": ("first", "id"),
                "indexes": [
                    models.Index(fields=["first"], name="assistant_need_first"),
                    models.Index(fields=["person", "last"], name="assistant_need_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutcomeSubscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.DateField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketTimes",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="times",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("ask_id", models.UUIDField(db_index=True, null=True)),
                ("person", models.CharField(help_text="Of the requester.", max_length=64)),
                ("reason", models.CharField(blank=True, max_length=12)),
                ("opened", models.DateTimeField(db_index=True)),
                ("first_reply", models.DateTimeField(null=True)),
                ("resolved", models.DateTimeField(null=True)),
                ("overdue", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("opened", "pk"),
                "indexes": [
                    models.Index(fields=["person", "opened"], name="assistant_times_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="NeedAsk",
            fields=[
                ("ask_id", models.UUIDField(primary_key=True, serialize=False)),
                ("record_id", models.BigIntegerField(help_text="The audit record of the ask.")),
                ("person", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(max_length=20)),
                ("source", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(blank=True, max_length=40)),
                (
                    "faq_id",
                    models.CharField(
                        blank=True, help_text="It answered, or was nearest.", max_length=100
                    ),
                ),
                ("release", models.PositiveIntegerField(null=True)),
                (
                    "conversation",
                    models.CharField(blank=True, help_text="A digest of its id.", max_length=32),
                ),
                (
                    "audiences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("is_visitor", models.BooleanField(default=False)),
                ("could_escalate", models.BooleanField(default=True)),
                ("helpful", models.BooleanField(null=True)),
                ("rated", models.DateTimeField(null=True)),
                (
                    "need",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="asked",
                        to="assistant.need",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "ask_id"),
                "indexes": [
                    models.Index(fields=["at"], name="assistant_needask_at"),
                    models.Index(fields=["person", "at"], name="assistant_needask_person"),
                ],
            },
        ),
    ]
