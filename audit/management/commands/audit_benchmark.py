"""How fast the audit trail is on this machine."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from audit import benchmark
from audit.people import SubjectKey

LEAST = 1_000


class Command(BaseCommand):
    help = (
        "Write, seal and verify records in a database made for it and dropped afterwards, and "
        "print how fast that was. Nothing of the site's own log is touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--records", type=int, default=100_000, help="in the verified log")
        parser.add_argument("--writers", type=int, default=8, help="processes that write at once")

    def handle(self, *args: Any, **options: Any) -> None:
        writers, count = options["writers"], max(options["records"], LEAST)
        with _database_of_its_own(), tempfile.TemporaryDirectory() as anchors:
            settings.AUDIT_ANCHOR_DIR = Path(anchors)
            self._say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {writers} writers")
            least = benchmark.bare(count // 10, writers)
            self._say(
                f"least possible (one column, no index): {least.per_second:,.0f}/s, "
                f"{least.cpu:.0f} µs of a writer's CPU each"
            )
            inserted = benchmark.inserted(count, writers)
            self._say(
                f"inserts: {inserted.per_second:,.0f}/s, {inserted.cpu:.0f} µs each; "
                f"{inserted.per_second / least.per_second:.2f} of the least possible"
            )
            recorded = benchmark.recorded(count // 10, writers)
            self._say(
                f"record(), redaction and encryption included: {recorded.per_second:,.0f}/s, "
                f"{recorded.cpu:.0f} µs each; oldest unsealed record "
                f"{recorded.oldest_unsealed:.1f} s"
            )
            for _ in range(3):
                verified = benchmark.verified()
                self._say(
                    f"verified: {verified.per_second:,.0f}/s, {verified.cpu:.1f} µs of CPU each, "
                    f"{verified.cpu / verified.hashing_cpu:.1f} times hashing alone"
                )
            self._say(f"load {os.getloadavg()[0]:.1f}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


@contextmanager
def _database_of_its_own() -> Iterator[None]:
    own, made = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_benchmark"
    _execute(f'DROP DATABASE IF EXISTS "{made}"', f'CREATE DATABASE "{made}"')
    SubjectKey.objects.forget()
    try:
        connections.close_all()
        connection.settings_dict["NAME"] = made
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("audit"))
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own
        SubjectKey.objects.forget()
        _execute(f'DROP DATABASE IF EXISTS "{made}"')


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
