import gc

from django.apps import AppConfig


class SupportsiteConfig(AppConfig):
    name = "supportsite"

    def ready(self) -> None:
        # Imported to register system checks and a signal receiver.
        from supportsite import env_checks  # noqa: F401
        from supportsite.edge import checks, production_checks  # noqa: F401
        from supportsite.login import lockout  # noqa: F401

        # Looking for garbage among what was just imported is an eighth of a start, and finds none.
        # We are the last app: from here on there is some, and all that is here stays.
        gc.freeze()
        gc.enable()
