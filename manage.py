#!/usr/bin/env python
"""Django's command line for supportsite."""

import gc
import os
import sys
from contextlib import suppress

from supportsite import env_file, metrics_folder


def main() -> None:
    env_file.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
    # While everything is imported nothing is garbage; see `SupportsiteConfig.ready`.
    gc.disable()
    if sys.argv[1:2] == ["serve"]:
        # It is going to be gunicorn, with workers whose numbers count together. If nothing can be
        # written there, others will say so.
        with suppress(OSError):
            metrics_folder.share()
    try:
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        raise SystemExit(
            f"{missing}. Run `make setup` first, then .venv/bin/python manage.py …"
        ) from None
    from django.core.exceptions import ImproperlyConfigured

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        # A setting is wrong, not the program: one line, no traceback.
        raise SystemExit(f"Cannot start: {wrong}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
