from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("faq", "0006_encrypted"),
    ]

    operations = [
        migrations.CreateModel(
            name="KnownFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("situation", models.CharField(max_length=64, unique=True)),
                ("unchanged", models.PositiveIntegerField(help_text="How many FAQs it has.")),
                (
                    "missing",
                    models.JSONField(
                        default=list, help_text="Published FAQs that it does not have."
                    ),
                ),
            ],
        ),
    ]
