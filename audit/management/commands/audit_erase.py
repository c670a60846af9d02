"""Erase a person from the site; the audit records stay, without names and texts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from audit.people.erase_person import KeysChanged, UnknownPerson, erase_person


class Command(BaseCommand):
    help = "Erase a person: destroy their key, and with it their name and all texts about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user id: a token's sub, or a sign-in name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            erasure = erase_person(options["user"], actor=actor())
        except (KeysChanged, UnknownPerson) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Erased from {erasure.records} records. The records themselves stay in the log."
        )
        for table, count in erasure.rows.items():
            self.stdout.write(f"{table}: {count} rows cleared or deleted.")
        self.stdout.write(f"Erase these yourself: {', '.join(erasure.elsewhere)}.")
