"""Set replies to small talk, and terms that put an FAQ first."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

REPLIES = {
    "greeting": "Hello! What can I help you with?",
    "thanks": "You are welcome. Is there anything else?",
    "goodbye": "Goodbye!",
    "wellbeing": "Thank you for asking. What can I help you with?",
    "identity": "I am an automated assistant. I answer from our FAQs; our team answers the rest.",
    "time": "I cannot tell the date or the time. What else can I help you with?",
    "acknowledgement": "All right. Is there anything else?",
    "person": "I can pass your question on to our team: a person will answer it.",
}


def add_replies(apps: Any, schema_editor: Any) -> None:
    replies = apps.get_model("assistant", "SetReply").objects
    for intent, text in REPLIES.items():
        replies.get_or_create(intent=intent, defaults={"text": text})


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0003_agent"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriorityTerm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "term",
                    models.CharField(
                        help_text="A word or a few, such as stolen or gas leak.",
                        max_length=100,
                        unique=True,
                    ),
                ),
                (
                    "faq_id",
                    models.CharField(
                        help_text="The id of the FAQ that is offered first.", max_length=100
                    ),
                ),
            ],
            options={
                "verbose_name": "priority term",
                "ordering": ("term",),
            },
        ),
        migrations.CreateModel(
            name="SetReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "intent",
                    models.CharField(
                        choices=[
                            ("greeting", "greeting"),
                            ("thanks", "thanks"),
                            ("goodbye", "goodbye"),
                            ("wellbeing", "wellbeing"),
                            ("identity", "identity"),
                            ("time", "time"),
                            ("acknowledgement", "acknowledgement"),
                            ("person", "person"),
                        ],
                        max_length=40,
                        unique=True,
                    ),
                ),
                ("text", models.TextField(max_length=1000)),
            ],
            options={
                "verbose_name": "set reply",
                "verbose_name_plural": "set replies",
                "ordering": ("id",),
            },
        ),
        migrations.RunPython(add_replies, migrations.RunPython.noop),
    ]
