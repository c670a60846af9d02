"""Print a bearer token for the API, signed with JWT_SECRET."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from audit.identity.principal import Role
from audit.models import record
from supportsite.auth.authentication import issue


class Command(BaseCommand):
    help = "Print a bearer token for the API, signed with JWT_SECRET."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_id", help="the caller's user id, such as u1")
        parser.add_argument(
            "--role",
            action="append",
            choices=[role.value for role in Role],
            help="may be repeated; default: customer",
        )
        parser.add_argument("--email", default="", help="address for mails about its tickets")
        parser.add_argument("--hours", type=float, default=12.0, help="lifetime; default: 12")

    def handle(self, *args: Any, **options: Any) -> None:
        roles = options["role"] or [Role.CUSTOMER.value]
        user_id = options["user_id"]
        try:
            seconds = int(options["hours"] * 3600)
            token = issue(user_id, roles, seconds=seconds, email=options["email"])
        except LookupError as failure:
            raise CommandError(f"No token: {failure}.") from None
        record("token.issued", actor=actor(), subject=user_id, data={"roles": roles})
        self.stdout.write(token)
