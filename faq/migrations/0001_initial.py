

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('slug', models.CharField(max_length=100)),
                ('question', models.CharField(max_length=500)),
                ('answer', models.TextField()),
                ('category', models.CharField(blank=True, max_length=100)),
                ('alternates', models.JSONField(default=list)),
            ],
            options={
                'ordering': ('slug',),
            },
        ),
        migrations.CreateModel(
            name='Faq',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(help_text='The id of the file and of the API, such as reset-password.', max_length=100, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]*\\Z', 'Use letters, digits, dots, dashes and underscores.')], verbose_name='id')),
                ('question', models.CharField(max_length=500)),
                ('answer', models.TextField(max_length=20000)),
                ('category', models.CharField(blank=True, max_length=100)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('retired', 'Retired')], default='draft', max_length=10)),
                ('file_digest', models.CharField(blank=True, editable=False, help_text='What the last file said, as a digest.', max_length=64)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('updated', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'FAQ',
                'verbose_name_plural': 'FAQs',
                'ordering': ('slug',),
                'indexes': [models.Index(fields=['status'], name='faq_status'), models.Index(fields=['category'], name='faq_category')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('embedder', models.CharField(help_text='Whose vectors it uses: model@weights.', max_length=300)),
                ('collection', models.CharField(help_text='Its collection in Chroma.', max_length=200)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('published_by', models.CharField(blank=True, max_length=200)),
                ('added', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('retired', models.PositiveIntegerField(default=0)),
                ('revisions', models.ManyToManyField(related_name='releases', to='faq.revision')),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='AlternateQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=500)),
                ('faq', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alternates', to='faq.faq')),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('faq', 'text'), name='faq_alternate_once')],
            },
        ),
    ]
