import datetime

import django.db.models.deletion
from django.db import migrations, models

import audit.people.pseudonyms


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_append_only_log"),
        ("tickets", "0006_inbox"),
    ]

    operations = [
        migrations.RenameField("attempt", "said", "result"),
        migrations.AlterField(
            model_name="attempt",
            name="result",
            field=models.CharField(
                help_text="The status of the reply, or the error.", max_length=300
            ),
        ),
        migrations.AlterField(
            model_name="comment",
            name="text",
            field=models.TextField(help_text="Masked by the setting REDACTION."),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="address",
            field=models.CharField(
                help_text="A URL, or a recipient whose address is looked up when it is sent.",
                max_length=500,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="payload",
            field=models.JSONField(
                help_text="The body of a webhook, or a mail with its text masked."
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="tries",
            field=models.PositiveIntegerField(default=0, help_text="Since it was last resent."),
        ),
        migrations.AlterField(
            model_name="submission",
            name="digest",
            field=models.CharField(help_text="Of the body.", max_length=64),
        ),
        migrations.AlterField(
            model_name="submission",
            name="subject",
            field=models.CharField(help_text="The subject of the token.", max_length=200),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="address",
            field=models.BinaryField(
                help_text="The customer's e-mail address, encrypted.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="ask_id",
            field=models.UUIDField(blank=True, help_text="The question it comes from.", null=True),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="breached",
            field=models.DateTimeField(
                blank=True,
                help_text="When the desk was notified.",
                null=True,
                verbose_name="overdue since",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="due",
            field=models.DateTimeField(
                help_text="Set by the target of its priority, in business hours.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                help_text="The ticket that continues its conversation.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="tickets.ticket",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="message",
            field=models.TextField(help_text="Masked by the setting REDACTION."),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="person",
            field=audit.people.pseudonyms.Pseudonym(
                blank=True,
                db_column="person",
                db_constraint=False,
                db_index=False,
                help_text="The owner of the key of the encrypted fields.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="audit.subjectkey",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unanswered", "No FAQ answered it"),
                    ("unclear", "The site asked to clarify"),
                    ("unhelpful", "The answer did not help"),
                    ("requested", "The customer asked for a person"),
                ],
                default="requested",
                help_text="Why a person is needed.",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="requester",
            field=models.CharField(
                help_text="The customer, as a pseudonym if it is personal data.",
                max_length=200,
                verbose_name="user id",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="waited",
            field=models.DurationField(
                default=datetime.timedelta,
                help_text="Business time spent waiting for the customer.",
            ),
        ),
    ]
