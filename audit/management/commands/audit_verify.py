"""Verify the audit trail. Exit code 0: intact; 1: broken; 2: could not be verified."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from audit import keys
from audit.log_format.checkpoint import BadNote, PublicKey
from audit.log_format.verification import Break, Kind, roots_by_size, verify, verify_unsealed
from audit.sealing import anchors, file_comparison, log_reader, table_checks
from audit.sealing.file_comparison import Comparison

BROKEN, NOT_VERIFIED = 1, 2


class Command(BaseCommand):
    help = "Verify the audit trail: recompute the log and name the first changed record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            type=Path,
            help="checkpoints stored elsewhere, to detect that the newest records are deleted",
        )
        parser.add_argument(
            "--file",
            metavar="AUDIT_FILE",
            type=Path,
            help="compare every id and hash of this file of JSON lines with the table",
        )
        parser.add_argument("--key", help="default: the public key of AUDIT_SIGNING_KEY")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        try:
            key = PublicKey.parse(options["key"]) if options["key"] else keys.public_key()
            # What is in the file before the snapshot is taken is in the snapshot as well.
            lines = file_comparison.complete_lines(options["file"]) if options["file"] else None
            report = self._verify(key, options["anchor"], lines)
        except (keys.NoSigningKey, OSError, OperationalError, UnicodeDecodeError) as failure:
            message = " ".join(str(failure).split())
            raise CommandError(
                f"The log could not be verified: {message}", returncode=NOT_VERIFIED
            ) from None
        except BadNote as error:
            raise CommandError(
                f"The log could not be verified: {error}.", returncode=NOT_VERIFIED
            ) from None
        report["seconds"] = round(time.perf_counter() - started, 3)
        self._print(report, as_json=options["json"])
        if report["breaks"]:
            raise SystemExit(BROKEN)

    def _verify(
        self, key: PublicKey, anchor: Path | None, lines: Iterable[bytes] | None
    ) -> dict[str, Any]:
        anchored_roots = roots_by_size(anchors.read(anchor, key)) if anchor else {}
        with log_reader.snapshot():
            others = [*table_checks.changed_tables(), log_reader.changed_people()]
            comparison = file_comparison.compare(lines) if lines is not None else None
            others += comparison.breaks if comparison else []
            try:
                start = log_reader.log_start(key)
            except BadNote as error:
                broken = Break(Kind.REBUILT, f"the prune certificate is invalid: {error}")
                return _report([broken, *others], records=0, pruned=0, unsealed=0, key=key)
            expected = log_reader.expected(keys.mac_key(), key, anchored_roots)
            with log_reader.rows(start.frontier.size) as rows:
                sealed = verify(rows, start, expected)
            problem = sealed.problem and sealed.problem.classified(log_reader.is_sealed)
            unsealed = verify_unsealed(
                log_reader.unsealed(), keys.mac_key(), due=log_reader.sealing_due()
            )
            deleted = log_reader.deleted_before_sealing(sealed.previous + unsealed.previous)
            others.append(log_reader.revived_people(key))
        return _report(
            [problem, unsealed.problem, deleted, *others],
            records=sealed.size - start.frontier.size,
            pruned=start.frontier.size,
            unsealed=unsealed.size,
            key=key,
            file=comparison,
        )

    def _print(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report))
            return
        for broken in report["breaks"]:
            self.stdout.write(self.style.ERROR(broken["message"]))
        rate = report["records"] / max(report["seconds"], 0.001)
        self.stdout.write(
            f"{report['records']} records verified, {report['unsealed']} are not sealed yet, "
            f"{report['pruned']} were pruned ({report['seconds']} s, {rate:,.0f}/s). "
            f"Key: {report['key']}"
        )
        if report["file"]:
            self.stdout.write(report["file"])


def _report(
    breaks: list[Break | None],
    *,
    key: PublicKey,
    file: Comparison | None = None,
    **numbers: int,
) -> dict[str, Any]:
    broken = [item for item in breaks if item]
    return {
        "ok": not broken,
        "breaks": [
            {
                "kind": item.kind,
                "sequence": item.sequence,
                "record_id": item.record_id,
                "message": str(item),
            }
            for item in broken
        ],
        **numbers,
        "key": str(key),
        "file": str(file or ""),
    }
