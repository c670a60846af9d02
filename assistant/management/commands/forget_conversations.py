"""Delete conversation turns older than CONVERSATION_DAYS."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from assistant.wiring import conversations


class Command(BaseCommand):
    help = "Delete conversation turns older than CONVERSATION_DAYS. Run it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        deleted = conversations().delete_old()
        self.stdout.write(f"Deleted {deleted} turns older than {settings.CONVERSATION_DAYS} days.")
