"""The questions of the last four weeks, each with its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone

from assistant.decision.reasons import SET_REPLIES, Reason
from assistant.interfaces import Matrix, Vector
from assistant.learning.regrouping import embed
from assistant.matching.loaded_release import LoadedRelease
from assistant.suggestions.ask_vectors import STORED_TYPE, AskVector
from assistant.text.cleaning import strip_pleasantries
from assistant.text.instructions import is_instruction
from audit.models import Record
from audit.people.encryption import DecryptionError, decrypt_stored

PERIOD = timedelta(days=28)

MAX_ASKS = 20_000
"""The newest ones; a proof reads and decrypts all of them."""

BATCH_SIZE = 1_000

NO_QUESTION = SET_REPLIES | {Reason.UNREADABLE}


@dataclass(frozen=True)
class RecentAsks:
    """The audit records of asks, and a vector for each: one row of length 1."""

    record_ids: Sequence[int]
    vectors: Matrix

    def near(self, vector: Vector, min_similarity: float) -> dict[int, Vector]:
        """The vectors of asks at least ``min_similarity`` similar, by record id, nearest first."""
        if not len(self.record_ids):
            return {}
        similarities = self.vectors @ vector
        order = np.argsort(-similarities, kind="stable")
        rows = order[similarities[order] >= min_similarity]
        return {self.record_ids[row]: self.vectors[row] for row in rows.tolist()}


def read_recent(release: LoadedRelease) -> RecentAsks:
    """The questions of the last four weeks by the release's model; new ones are embedded once.

    Raises ``interfaces.EmbedderUnavailable``.
    """
    since = timezone.now() - PERIOD
    AskVector.objects.filter(at__lt=since).delete()
    assert release.embedder
    AskVector.objects.exclude(embedder=release.embedder.name).delete()
    asks = Record.objects.filter(action="question.asked", at__gte=since)
    newest = list(asks.values_list("pk", flat=True)[:MAX_ASKS])
    stored = set(AskVector.objects.values_list("pk", flat=True))
    missing = [pk for pk in newest if pk not in stored]
    for start in range(0, len(missing), BATCH_SIZE):
        _store(list(Record.objects.filter(pk__in=missing[start : start + BATCH_SIZE])), release)
    return _decrypted(newest[-1]) if newest else RecentAsks((), np.empty((0, 1), np.float32))


def _store(asks: Sequence[Record], release: LoadedRelease) -> None:
    texts = {ask.pk: _question(ask) for ask in asks}
    questions = [text for text in texts.values() if text]
    vectors = embed(questions, release) if questions else {}
    AskVector.objects.bulk_create(
        [
            AskVector(
                record_id=ask.pk,
                at=ask.at,
                embedder=release.embedder.name if release.embedder else "",
                person=ask.subject_key,
                encrypted=ask.subject_key.encrypt_bytes(
                    vectors[texts[ask.pk]].astype(STORED_TYPE).tobytes()
                )
                if ask.subject_key and texts[ask.pk]
                else b"",
            )
            for ask in asks
        ],
        ignore_conflicts=True,
    )


def _question(ask: Record) -> str:
    """The text of an ask that is compared; empty if it has none."""
    text = str(ask.data.get("question") or "")
    reason = (ask.data.get("decision") or {}).get("reason", "")
    return "" if reason in NO_QUESTION or is_instruction(text) else strip_pleasantries(text)


def _decrypted(oldest: int) -> RecentAsks:
    """Those from one record on, the newest first; without those of erased people."""
    rows = AskVector.objects.filter(pk__gte=oldest, person__key__isnull=False)
    columns = (
        rows.exclude(encrypted=b"").order_by("-pk").values_list("pk", "encrypted", "person__key")
    )
    record_ids, vectors = [], bytearray()
    for pk, encrypted, key in columns.iterator(BATCH_SIZE):
        try:
            vectors += decrypt_stored(bytes(encrypted), bytes(key))
        except DecryptionError:
            continue
        record_ids.append(pk)
    rows_of_one = np.frombuffer(vectors, STORED_TYPE).reshape(max(len(record_ids), 1), -1)
    return RecentAsks(record_ids, rows_of_one.astype(np.float32))
