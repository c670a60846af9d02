

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='PhrasingVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('embedder', models.CharField(help_text='model@weights; others do not compare', max_length=300)),
                ('digest', models.BinaryField(help_text='SHA-256 of the text', max_length=32)),
                ('vector', models.BinaryField(help_text='float32, little-endian, of length 1')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('embedder', 'digest'), name='assistant_vector_once')],
            },
        ),
    ]
