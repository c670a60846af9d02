import gc

from django.apps import AppConfig


class SupportsiteConfig(AppConfig):
    name = "supportsite"

    def ready(self) -> None:

        # Looking for garbage among what was just imported is an eighth of a start, and finds none.
        # We are the last app: from here on there is some, and all that is here stays.
        gc.freeze()
        gc.enable()
