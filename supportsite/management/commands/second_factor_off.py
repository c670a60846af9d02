"""Turn off a user's second factor, after phone and recovery codes are lost."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from supportsite.login.two_factor import turn_off


class Command(BaseCommand):
    help = (
        "Turn off a user's second factor, after phone and recovery codes are lost. "
        "First make sure that the request comes from that person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the name that the user signs in with")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}. Check the spelling.")
        count = turn_off(user, actor=actor())
        self.stdout.write(
            f"{username} signs in with the password alone now. Devices removed: {count}."
        )
