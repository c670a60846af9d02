"""Records that are committed out of order are sealed all the same."""

from __future__ import annotations

import threading

from django.core.management import call_command
from django.db import connection

from audit import keys
from audit.models import Record, Seal, record
from audit.sealing.sealer import Sealer
from audit.tests.test_sealing import verified


def test_a_late_commit_is_sealed_in_the_next_round(committed, settings, tmp_path, capsys):
    settings.AUDIT_ANCHOR_DIR = tmp_path
    call_command("audit_seal", verbosity=0)
    sealer = Sealer(keys.signer(), tmp_path)
    before = sealer.tree.size
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        from django.db import transaction

        with transaction.atomic():
            record("test.slow")
            written.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    fast = [record("test.fast").pk for _ in range(3)]
    sealer.round()
    assert sealer.round() == 0
    may_commit.set()
    thread.join()

    assert sealer.round() == 1
    late = Record.objects.get(action="test.slow")
    assert late.pk < fast[0]
    places = Seal.objects.filter(sequence__gte=before).values_list("record_id", flat=True)
    assert list(places) == [*fast, late.pk]
    assert verified(capsys)["ok"]
