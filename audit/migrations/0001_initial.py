

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('action', models.CharField(help_text='noun.verbed, such as ticket.claimed', max_length=50)),
                ('actor', models.CharField(blank=True, help_text='Who did it; empty: the site', max_length=200)),
                ('about', models.CharField(blank=True, help_text='kind:key, such as ticket:12', max_length=250)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'audit record',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['about'], name='audit_about'), models.Index(fields=['action', '-id'], name='audit_action'), models.Index(fields=['actor', '-id'], name='audit_actor'), models.Index(fields=['at'], name='audit_at')],
            },
        ),
    ]
