"""`python -m benchmarks NAME [OPTIONS]`; see README.md."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django

WITHOUT_DJANGO = ("ask", "faults", "regroup", "soak")
WITH_DJANGO = (
    *("agent", "audit_log", "desk_pages", "matching", "outcomes", "redaction"),
    "suggestions",
)


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in (*WITHOUT_DJANGO, *WITH_DJANGO):
        raise SystemExit(f"Choose one of {', '.join(sorted((*WITHOUT_DJANGO, *WITH_DJANGO)))}.")
    if name in WITH_DJANGO:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
        django.setup()
    import_module(f"benchmarks.{name}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
