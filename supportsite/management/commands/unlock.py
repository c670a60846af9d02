"""Let somebody in again before the time is over."""

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
    help = "Forget failed sign-ins of an account, or from an address, so that it is open again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("who", help="a user name, or an address such as 192.0.2.1")

    @transaction.atomic
    def handle(self, *args: Any, who: str, **options: Any) -> None:
        of_it = Q(username=who)
        if _is_address(who):
            of_it |= Q(ip_address=who)
        found = AccessAttempt.objects.filter(of_it).delete()[0]
        record("user.unlocked", actor=actor(), subject="" if _is_address(who) else who)
        self.stdout.write(f"Forgot {found} kinds of failed sign-ins; {who} is open.")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
