from __future__ import annotations

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    """Hits are counted from the audit trail, which has all of them from its beginning."""

    dependencies = [("faq", "0004_uploads")]

    operations = [
        migrations.DeleteModel("Hit"),
        migrations.CreateModel(
            "CountedUpTo",
            [
                ("id", ID),
                (
                    "sequence",
                    models.BigIntegerField(default=0, help_text="The first place not counted."),
                ),
            ],
        ),
        migrations.CreateModel(
            "DailyHits",
            [
                ("id", ID),
                ("slug", models.CharField(max_length=100)),
                ("day", models.DateField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
                ("last", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("slug", "day"), name="faq_hits_once_a_day")
                ],
            },
        ),
    ]
