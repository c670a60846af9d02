from django.apps import AppConfig


class FaqConfig(AppConfig):
    name = "faq"
    verbose_name = "Knowledge base"

    def ready(self) -> None:
        # Imported here, since they import models.
        from faq import import_jobs
        from faq.sources import jobs as source_jobs

        import_jobs.register()
        source_jobs.register()
