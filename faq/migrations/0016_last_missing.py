from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("faq", "0015_sources")]

    operations = [
        migrations.AddField(
            "sourcepair",
            "last_missing",
            models.DateTimeField(null=True, help_text="When ``missing`` was last counted."),
        ),
    ]
