from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured

        from audit.privacy import presidio

        model = settings.PRESIDIO_MODEL
        if model and (problem := presidio.missing(model)):
            raise ImproperlyConfigured(f"PRESIDIO_MODEL is {model}, but {problem}.")

        from audit import checks, sign_in_records  # noqa: F401 (registers the system checks)

        sign_in_records.connect()
