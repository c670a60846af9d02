"""The growth of matching is measured with vectors that a site has."""

import numpy as np
import pytest

from assistant import embedders
from assistant.models import PhrasingVector
from benchmarks import matching

pytestmark = pytest.mark.django_db


def store(count):
    rows = np.random.default_rng(3).standard_normal((count, 384), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    name = embedders.embedder().name
    PhrasingVector.objects.all().delete()
    PhrasingVector.objects.bulk_create(
        PhrasingVector(embedder=name, digest=place.to_bytes(32, "big"), vector=row.tobytes())
        for place, row in enumerate(rows)
    )


def test_each_size_is_a_row_with_its_time_and_memory(capsys):
    store(600)

    matching.main(["--phrasings", "300,4000", "--exact-only"])

    first, _, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("400 stored vectors, 200 others as questions")
    assert [row.split()[:3] for row in rows] == [["300", "0", "0"], ["4000", "3600", "6"]]


def test_too_few_vectors_are_refused():
    store(20)

    with pytest.raises(SystemExit, match="20 stored vectors are too few"):
        matching.main([])
