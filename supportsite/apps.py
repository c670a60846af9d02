from django.apps import AppConfig


class SupportsiteConfig(AppConfig):
    name = "supportsite"

    def ready(self) -> None:
        from supportsite import (  # noqa: F401  (register the system checks, and a receiver)
            edge_checks,
            lock_out,
            production_checks,
        )
