from django.apps import AppConfig


class FaqConfig(AppConfig):
    name = "faq"
    verbose_name = "Knowledge base"

    def ready(self) -> None:
        # Imported here, since it imports models.
        from faq import import_jobs

        import_jobs.register()
