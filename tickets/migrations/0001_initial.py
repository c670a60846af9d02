

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requester', models.CharField(help_text='Who waits for the answer.', max_length=200)),
                ('message', models.TextField(help_text='Redacted.')),
                ('ask_id', models.UUIDField(blank=True, help_text='The ask it came from.', null=True)),
                ('status', models.CharField(choices=[('open', 'Open'), ('claimed', 'Claimed'), ('resolved', 'Resolved')], default='open', max_length=10)),
                ('assignee', models.CharField(blank=True, max_length=200)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('updated', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['requester', '-id'], name='ticket_requester'), models.Index(fields=['status', 'created'], name='ticket_queue')],
            },
        ),
    ]
