from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0018_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="need",
            name="channel",
            field=models.CharField(blank=True, help_text="Of its first ask.", max_length=40),
        ),
        migrations.AddField(
            model_name="needask",
            name="channel",
            field=models.CharField(
                blank=True, help_text="Empty: folded before channels were.", max_length=40
            ),
        ),
    ]
