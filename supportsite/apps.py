from django.apps import AppConfig


class SupportsiteConfig(AppConfig):
    name = "supportsite"

    def ready(self) -> None:
        from supportsite import edge_checks, production_checks  # noqa: F401  (register the checks)
