from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_bound_people")]

    operations = [
        migrations.CreateModel(
            "LogPosition",
            [
                ("consumer", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(default=0)),
            ],
        ),
    ]
