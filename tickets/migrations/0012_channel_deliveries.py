import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0011_webhook_state"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="address",
            field=models.CharField(
                help_text="A URL, a channel, or a recipient whose address is looked up when it is sent.",
                max_length=500,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[("mail", "Mail"), ("webhook", "Webhook"), ("channel", "Channel")],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="original",
            field=models.BinaryField(
                help_text="The text as written, encrypted; null where nothing is masked.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="payload",
            field=models.JSONField(
                help_text="The body of a webhook, or a mail or a reply with its text masked."
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="ticket",
            field=models.ForeignKey(
                help_text="Empty: a mail to somebody at the desk, or an answer, that is about no ticket.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.ticket",
            ),
        ),
    ]
