"""How matching grows is shown with vectors that are there already."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from assistant import wiring
from assistant.models import PhrasingVector

pytestmark = pytest.mark.django_db


def store(count):
    rows = np.random.default_rng(3).standard_normal((count, 384), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    name = wiring.embedder().name
    PhrasingVector.objects.all().delete()
    PhrasingVector.objects.bulk_create(
        PhrasingVector(embedder=name, digest=place.to_bytes(32, "big"), vector=row.tobytes())
        for place, row in enumerate(rows)
    )


def test_each_size_is_a_row_with_its_time_and_memory(capsys):
    store(600)

    call_command("benchmark_matching", phrasings="300,4000", exact_only=True)

    told, _, *rows = capsys.readouterr().out.splitlines()
    assert told.startswith("400 real vectors, 200 others as questions")
    # 4 bytes for each number, and one more where they are kept in eight bits as well.
    assert [row.split()[:3] for row in rows] == [["300", "0", "0"], ["4000", "3600", "8"]]
    assert all(float(row.split()[4]) > 0 for row in rows)


def test_too_few_vectors_are_refused():
    store(20)

    with pytest.raises(CommandError, match="20 stored vectors are too few"):
        call_command("benchmark_matching")
