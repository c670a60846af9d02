import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("faq", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CategoryRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("category", models.CharField(max_length=100, unique=True)),
                (
                    "threshold",
                    models.FloatField(
                        blank=True,
                        help_text="Least similarity to answer.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "margin",
                    models.FloatField(
                        blank=True,
                        help_text="Least lead over the next other FAQ.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
            ],
            options={
                "ordering": ("category",),
            },
        ),
        migrations.AddField(
            model_name="faq",
            name="margin",
            field=models.FloatField(
                blank=True,
                help_text="Least lead over the next other FAQ; empty: its category's, or the policy's.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(1.0),
                ],
            ),
        ),
        migrations.AddField(
            model_name="faq",
            name="threshold",
            field=models.FloatField(
                blank=True,
                help_text="Least similarity to answer with this FAQ; empty: its category's, or the policy's.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(1.0),
                ],
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="policy",
            field=models.CharField(
                blank=True,
                help_text="The policy fitted for it; empty: the shipped one.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="rules",
            field=models.JSONField(default=dict, help_text="Thresholds and margins by category."),
        ),
        migrations.AddField(
            model_name="revision",
            name="margin",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="threshold",
            field=models.FloatField(null=True),
        ),
    ]
