"""The help page's texts and colours, and the sites that may show it."""

from __future__ import annotations

from typing import Any

import django.core.validators
from django.db import migrations, models

import assistant.help.models


def create_page(apps: Any, schema_editor: Any) -> None:
    apps.get_model("assistant", "HelpPage").objects.create()


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0015_gap_follow_up"),
    ]

    operations = [
        migrations.CreateModel(
            name="HelpPage",
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
                        blank=True,
                        help_text="Your name on the page. Empty: SITE_NAME.",
                        max_length=100,
                    ),
                ),
                (
                    "colour",
                    models.CharField(
                        default="#7c3aed",
                        help_text="Of buttons and links, such as #7c3aed.",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Write it as #7c3aed."
                            )
                        ],
                    ),
                ),
                (
                    "logo",
                    models.CharField(
                        blank=True,
                        help_text="The https address of a picture. Visitors' browsers load it from there.",
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                    ),
                ),
                (
                    "welcome",
                    models.TextField(
                        blank=True, help_text="Above the first question. Markdown.", max_length=1000
                    ),
                ),
                (
                    "contact_note",
                    models.TextField(
                        blank=True,
                        help_text="Above the form to ask a person, such as your hours or privacy notice. Markdown.",
                        max_length=1000,
                    ),
                ),
                (
                    "footer",
                    models.TextField(
                        blank=True,
                        help_text="One link a line, such as: Imprint https://shop.example/imprint",
                        max_length=2000,
                        validators=[assistant.help.models.validate_footer],
                    ),
                ),
            ],
            options={
                "verbose_name": "help page",
            },
        ),
        migrations.CreateModel(
            name="HelpSite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="For data-site in the widget's script tag, such as shop.",
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9-]+\\Z", "Write lower-case letters, digits, dashes."
                            )
                        ],
                    ),
                ),
                (
                    "origins",
                    models.TextField(
                        help_text="The origins of its pages, one a line, such as https://www.shop.example.",
                        max_length=2000,
                        validators=[assistant.help.models.validate_origins],
                    ),
                ),
                (
                    "is_paused",
                    models.BooleanField(
                        default=False,
                        help_text="Its pages show no help for now.",
                        verbose_name="paused",
                    ),
                ),
            ],
            options={
                "verbose_name": "help site",
                "ordering": ("key",),
            },
        ),
        migrations.RunPython(create_page, migrations.RunPython.noop),
    ]
