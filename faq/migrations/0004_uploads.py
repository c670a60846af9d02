from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("faq", "0003_drafts")]

    operations = [
        migrations.CreateModel(
            "Upload",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=20)),
                ("data", models.BinaryField()),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
