#!/usr/bin/env python
"""Django's command line for supportsite."""

import os
import sys

from supportsite import env_file
from supportsite.serving import preflight


def main() -> None:
    env_file.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
    if sys.argv[1:2] == ["serve"]:
        preflight.share_metrics()
    try:
        from supportsite.command_help import SiteManagement
    except ImportError as missing:
        raise SystemExit(
            f"{missing}. Run `make setup` first, then .venv/bin/python manage.py …"
        ) from None
    from django.core.exceptions import ImproperlyConfigured

    try:
        SiteManagement(sys.argv).execute()
    except ImproperlyConfigured as error:
        # A setting is wrong, not the program: one line, no traceback.
        raise SystemExit(f"Cannot start: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        from supportsite.command_errors import advice

        line = advice(error)
        if not line or "--traceback" in sys.argv:
            raise
        raise SystemExit(line) from None


if __name__ == "__main__":
    main()
