import datetime
import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import tickets.delivery.webhooks.signature
from tickets import sla


def start_clocks(apps, schema_editor):
    """The tickets there are count from when they were opened."""
    Ticket = apps.get_model("tickets", "Ticket")
    calendar = sla.Calendar(sla.shifts("mon-fri 09:00-17:00"), sla.zone("UTC"))
    for ticket in Ticket.objects.iterator():
        ticket.clock_started = ticket.created
        ticket.due = calendar.add(ticket.created, datetime.timedelta(hours=8))
        ticket.save(update_fields=["clock_started", "due"])


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("succeeded", models.BooleanField()),
                (
                    "said",
                    models.CharField(help_text="The reply, or what went wrong.", max_length=300),
                ),
                ("ms", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("author", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("is_internal", models.BooleanField(default=False, help_text="For the desk only.")),
                ("from_desk", models.BooleanField(default=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[("mail", "Mail"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        help_text="Where to: a mail address or a URL.", max_length=500
                    ),
                ),
                ("payload", models.JSONField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("dead", "Dead"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "tries",
                    models.PositiveIntegerField(
                        default=0, help_text="Since it was last sent anew."
                    ),
                ),
                ("next_try", models.DateTimeField(blank=True, null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("delivered", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ("-created", "id"),
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.CharField(help_text="Whose token it came with.", max_length=200),
                ),
                ("key", models.CharField(help_text="Its Idempotency-Key.", max_length=200)),
                ("digest", models.CharField(help_text="Of what was sent.", max_length=64)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "url",
                    models.CharField(
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https", "http"])],
                        verbose_name="URL",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "secret",
                    models.CharField(
                        default=tickets.delivery.webhooks.signature.new_secret,
                        editable=False,
                        max_length=100,
                    ),
                ),
                ("previous_secret", models.CharField(blank=True, editable=False, max_length=100)),
                ("rotated", models.DateTimeField(editable=False, null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_queue",
        ),
        migrations.AddField(
            model_name="ticket",
            name="breached",
            field=models.DateTimeField(
                blank=True, help_text="When it was told overdue.", null=True
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="category",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="ticket",
            name="clock_started",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="ticket",
            name="due",
            field=models.DateTimeField(
                help_text="By its priority's target in business hours.", null=True
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="email",
            field=models.EmailField(
                blank=True, help_text="Where news for the requester go.", max_length=254
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="faq_id",
            field=models.CharField(
                blank=True, help_text="The FAQ drafted from it.", max_length=100
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="priority",
            field=models.CharField(
                choices=[
                    ("urgent", "Urgent"),
                    ("high", "High"),
                    ("normal", "Normal"),
                    ("low", "Low"),
                ],
                default="normal",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unanswered", "No FAQ answered it"),
                    ("unclear", "It was asked back"),
                    ("unhelpful", "The answer did not help"),
                    ("requested", "A person was asked for"),
                ],
                default="requested",
                help_text="Why a person is needed.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=50), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="waited",
            field=models.DurationField(
                default=datetime.timedelta,
                help_text="Business time in which the customer had to answer.",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="waiting_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="status",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("claimed", "Claimed"),
                    ("waiting", "Waiting on customer"),
                    ("resolved", "Resolved"),
                    ("closed", "Closed"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["status", "due", "id"], name="ticket_queue"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["assignee", "status"], name="ticket_assignee"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("breached", None), ("status__in", ("open", "claimed"))),
                fields=["due"],
                name="ticket_unbreached",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attempts",
                to="tickets.delivery",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="ticket",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="tickets.ticket"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="webhook",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="tickets.webhook",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("subject", "key"), name="submission_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["status", "-created"], name="delivery_status"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["-created"], name="delivery_created"),
        ),
        migrations.RunPython(start_clocks, migrations.RunPython.noop, elidable=True),
    ]
