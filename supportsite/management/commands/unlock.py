"""End the lockout of a user or an address after failed sign-ins."""

from __future__ import annotations

from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any

from axes.models import AccessAttempt
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import Q

from audit.identity.cli_user import actor
from audit.models import record


class Command(BaseCommand):
    help = "End the lockout of a user or an address after failed sign-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("who", help="a user name, or an address such as 192.0.2.1")

    @transaction.atomic
    def handle(self, *args: Any, who: str, **options: Any) -> None:
        attempts = Q(username=who)
        if _is_address(who):
            attempts |= Q(ip_address=who)
        count = AccessAttempt.objects.filter(attempts).delete()[0]
        record("user.unlocked", actor=actor(), subject="" if _is_address(who) else who)
        self.stdout.write(f"{who} can sign in again. Removed: {count} entries of failed sign-ins.")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
