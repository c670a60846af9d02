"""Is the audit trail as it was written? Exit code 0: yes; 1: no; 2: that cannot be told."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from audit import keys
from audit.log_format.checkpoint import BadNote, PublicKey
from audit.log_format.verification import Break, Kind, roots_by_size, waiting, walk
from audit.sealing import anchors, log_reader

BROKEN, UNKNOWN = 1, 2


class Command(BaseCommand):
    help = "Recompute the whole log; name the first record that is not as it was written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            type=Path,
            help="checkpoints kept elsewhere; without, a cut tail or a rebuilt log may not show",
        )
        parser.add_argument("--key", help="the log's public key, if AUDIT_SIGNING_KEY is not here")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        try:
            key = PublicKey.parse(options["key"]) if options["key"] else keys.public_key()
            report = self._verify(key, options["anchor"])
        except (keys.NoSigningKey, OSError, OperationalError, UnicodeDecodeError) as failure:
            said = " ".join(str(failure).split())
            raise CommandError(f"It cannot be told: {said}", returncode=UNKNOWN) from None
        except BadNote as wrong:
            raise CommandError(f"It cannot be told: {wrong}.", returncode=UNKNOWN) from None
        report["seconds"] = round(time.perf_counter() - started, 3)
        self._print(report, as_json=options["json"])
        if report["breaks"]:
            raise SystemExit(BROKEN)

    def _verify(self, key: PublicKey, anchor: Path | None) -> dict[str, Any]:
        known = roots_by_size(anchors.read(anchor, key)) if anchor else {}
        with log_reader.one_moment():
            triggers = log_reader.disabled_triggers()
            try:
                base = log_reader.base(key)
            except BadNote as wrong:
                broken = Break(Kind.REBUILT, f"the certificate of what was pruned: {wrong}")
                return _report([broken, triggers], records=0, pruned=0, unsealed=0, key=key)
            expected = log_reader.expected(keys.mac_key(), key, known)
            with log_reader.rows(base.frontier.size) as rows:
                size, found = walk(rows, base, expected)
            found = found and found.named(log_reader.is_sealed)
            late = log_reader.waiting()
            unsealed = waiting(late, keys.mac_key())
        return _report(
            [found, unsealed, triggers],
            records=size - base.frontier.size,
            pruned=base.frontier.size,
            unsealed=len(late),
            key=key,
        )

    def _print(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report))
            return
        for broken in report["breaks"]:
            self.stdout.write(self.style.ERROR(broken["said"]))
        rate = report["records"] / max(report["seconds"], 0.001)
        self.stdout.write(
            f"{report['records']} records hold together, {report['unsealed']} are not sealed yet, "
            f"{report['pruned']} were pruned ({report['seconds']} s, {rate:,.0f}/s). "
            f"Key: {report['key']}"
        )


def _report(breaks: list[Break | None], *, key: PublicKey, **numbers: int) -> dict[str, Any]:
    found = [each for each in breaks if each]
    return {
        "ok": not found,
        "breaks": [
            {
                "kind": each.kind,
                "sequence": each.sequence,
                "record_id": each.record_id,
                "said": str(each),
            }
            for each in found
        ],
        **numbers,
        "key": str(key),
    }
