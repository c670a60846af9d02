from django.apps import AppConfig


class SupportsiteConfig(AppConfig):
    name = "supportsite"

    def ready(self) -> None:
        # Imported to register system checks and a signal receiver.
        from supportsite import env_checks  # noqa: F401
        from supportsite.edge import checks, production_checks  # noqa: F401
        from supportsite.login import lockout  # noqa: F401
