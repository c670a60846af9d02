from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="EvaluationRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("release", models.PositiveIntegerField()),
                ("source", models.CharField(help_text="The file of questions.", max_length=200)),
                ("policy", models.JSONField(help_text="Its name and numbers.")),
                ("numbers", models.JSONField(help_text="As evaluation.Evaluation tells.")),
                ("judged", models.JSONField(help_text="Each question with its result, redacted.")),
            ],
            options={
                "verbose_name": "evaluation",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="FittedPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of what follows", max_length=64, unique=True
                    ),
                ),
                ("numbers", models.JSONField(help_text="As policy.ReleasePolicy.numbers tells")),
                (
                    "classifier",
                    models.JSONField(help_text="As classifier.Classifier.as_dict tells", null=True),
                ),
                (
                    "report",
                    models.JSONField(
                        default=dict, help_text="What it was fitted on, what to expect of it"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "fitted policy",
                "verbose_name_plural": "fitted policies",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(help_text="A file's name, or choice.", max_length=200)),
                ("question", models.TextField(help_text="Redacted.")),
                (
                    "expected",
                    models.JSONField(
                        default=list, help_text="Slugs; none: it must not be answered."
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("id",),
                "indexes": [models.Index(fields=["source"], name="assistant_label_source")],
            },
        ),
    ]
