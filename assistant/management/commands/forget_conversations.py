"""Delete what was said in conversations longer ago than CONVERSATION_DAYS."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from assistant.wiring import conversations


class Command(BaseCommand):
    help = "Delete turns of conversations older than CONVERSATION_DAYS; run it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        turns = conversations().forget_old()
        self.stdout.write(f"{turns} turns older than {settings.CONVERSATION_DAYS} days deleted.")
