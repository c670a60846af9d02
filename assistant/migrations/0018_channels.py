import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import assistant.channels.channel
import audit.people.pseudonyms


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0017_agent_usage"),
        ("audit", "0007_help_texts"),
        ("tickets", "0012_channel_deliveries"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="In its address, /channels/NAME, and in every record. It cannot be changed.",
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z-]*\\Z", "Write lower-case letters and dashes."
                            ),
                            assistant.channels.channel._validate_name,
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("webhook", "Signed webhook"),
                            ("slack", "Slack"),
                            ("telegram", "Telegram"),
                        ],
                        default="webhook",
                        max_length=10,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Off: nothing is accepted, and nothing is sent.",
                        verbose_name="active",
                    ),
                ),
                (
                    "reply_url",
                    models.CharField(
                        blank=True,
                        help_text="Signed webhook only: where replies are sent to.",
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https", "http"])],
                        verbose_name="reply URL",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("de", "Deutsch"), ("ur", "اردو")],
                        default="en",
                        help_text="Of the site's own sentences. Answers are in the language of their FAQ.",
                        max_length=5,
                    ),
                ),
                (
                    "longest",
                    models.PositiveIntegerField(
                        default=4000,
                        help_text="Characters. Longer answers are sent in parts. Signed webhook only.",
                        validators=[
                            django.core.validators.MinValueValidator(160),
                            django.core.validators.MaxValueValidator(40000),
                        ],
                        verbose_name="longest message",
                    ),
                ),
                (
                    "has_buttons",
                    models.BooleanField(
                        default=False,
                        help_text="Off: options are a numbered list. Signed webhook only.",
                        verbose_name="shows buttons",
                    ),
                ),
                (
                    "has_links",
                    models.BooleanField(
                        default=False,
                        help_text="Off: plain text, with the address after the text of a link. Signed webhook only.",
                        verbose_name="shows Markdown",
                    ),
                ),
                ("secret", models.TextField(editable=False, help_text="Encrypted.")),
                (
                    "previous_secret",
                    models.TextField(blank=True, editable=False, help_text="Encrypted."),
                ),
                (
                    "token",
                    models.TextField(
                        blank=True, editable=False, help_text="Of the bot. Encrypted."
                    ),
                ),
                (
                    "rotated",
                    models.DateTimeField(editable=False, null=True, verbose_name="secret changed"),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="Of its id in the channel.", max_length=64, unique=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("question", "question"),
                            ("choice", "choice"),
                            ("rating", "rating"),
                            ("start", "start"),
                        ],
                        max_length=10,
                    ),
                ),
                ("content", models.BinaryField(help_text="Its id and text, encrypted.")),
                (
                    "choice",
                    models.CharField(
                        blank=True, help_text="The token of an offer.", max_length=100
                    ),
                ),
                ("helpful", models.BooleanField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("answered", "Answered"),
                            ("ignored", "Ignored"),
                            ("failed", "Failed"),
                        ],
                        db_index=True,
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "result",
                    models.CharField(blank=True, help_text="What became of it.", max_length=100),
                ),
                ("ask_id", models.UUIDField(blank=True, null=True, verbose_name="ask id")),
                ("question", models.BinaryField(help_text="What was asked, encrypted.", null=True)),
                (
                    "options",
                    models.JSONField(
                        default=list, help_text="The ids of the FAQs that were offered."
                    ),
                ),
                (
                    "offers",
                    models.JSONField(
                        default=list, help_text="What was offered: label and what it does."
                    ),
                ),
                (
                    "replied",
                    models.BooleanField(default=False, help_text="Whether it got a reply."),
                ),
                (
                    "received",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                ("answered", models.DateTimeField(blank=True, null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="assistant.channel"
                    ),
                ),
            ],
            options={
                "verbose_name": "channel message",
                "ordering": ("-received", "id"),
            },
        ),
        migrations.CreateModel(
            name="SentMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="Of its id in the channel.", max_length=64, unique=True
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sent",
                        to="assistant.message",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="Of the thread and the person.", max_length=64, unique=True
                    ),
                ),
                ("user_id", models.CharField(db_index=True, max_length=200)),
                (
                    "address",
                    models.BinaryField(help_text="Where replies go to, encrypted.", null=True),
                ),
                ("conversation", models.CharField(max_length=24)),
                ("last", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="assistant.channel"
                    ),
                ),
                (
                    "person",
                    audit.people.pseudonyms.Pseudonym(
                        blank=True,
                        db_column="person",
                        db_constraint=False,
                        db_index=False,
                        help_text="The owner of the key of the address.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.subjectkey",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="thread",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to="assistant.thread",
            ),
        ),
        migrations.CreateModel(
            name="ThreadTicket",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="thread",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                (
                    "takes_messages",
                    models.BooleanField(
                        default=True,
                        help_text="The person's messages belong to it while it is open.",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tickets",
                        to="assistant.thread",
                    ),
                ),
            ],
        ),
    ]
