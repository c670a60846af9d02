"""Names, entries and distances in the form that Chroma takes. Pure: no Django, no chromadb."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from assistant.decision.matches import DECIMALS
from assistant.interfaces import Entry, IndexMismatch, Vector

BATCH_SIZE = 1_000
"""Entries per request. Chroma's limit is 5,461; smaller batches show progress sooner."""

DUPLICATE_KEY = "two entries have the same key"

OTHER_DIMENSION = "the collection has vectors of another dimension: run manage.py reindex"

SPACE = "cosine"

Item = TypeVar("Item")

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]")
_IP_ADDRESS = re.compile(r"\d+(\.\d+){3}")


def check_name(name: str) -> None:
    """Raise ``ValueError`` for a collection name that Chroma would refuse."""
    if _NAME.fullmatch(name) and ".." not in name and not _IP_ADDRESS.fullmatch(name):
        return
    raise ValueError(
        f"{name!r} cannot name a collection: 3 to 512 letters, digits, '.', '_' or '-', "
        "beginning and ending with a letter or digit, without '..', and no IP address"
    )


def check_space(name: str, configuration: Any) -> None:
    """Raise ``IndexMismatch`` for a collection that does not measure the cosine.

    Chroma ignores the requested space for a collection that exists.
    """
    space = configuration["hnsw"]["space"]
    if space != SPACE:
        raise IndexMismatch(f"collection {name!r} uses {space}, not {SPACE}: run manage.py reindex")


def check_unique(entries: Sequence[Entry]) -> None:
    """Raise ``ValueError`` if two entries have the same key."""
    if len({entry.key for entry in entries}) != len(entries):
        raise ValueError(DUPLICATE_KEY)


def entry_digest(entry: Entry) -> str:
    """A digest of everything a search can return: the texts and the vector."""
    texts = json.dumps([entry.faq_id, entry.phrasing, entry.category])
    vector = np.asarray(entry.vector, dtype="<f4").tobytes()
    return hashlib.sha256(texts.encode() + b"\0" + vector).hexdigest()


def check_limit(limit: int) -> None:
    """Raise ``ValueError`` for a limit below 1."""
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")


def similarity(distance: float) -> float:
    """Convert Chroma's cosine distance to a similarity, -1..1."""
    return round(min(max(1.0 - distance, -1.0), 1.0), DECIMALS)


def arrays(entries: Sequence[Entry]) -> list[Vector]:
    # Chroma refuses tuples.
    return [np.asarray(entry.vector, dtype=np.float32) for entry in entries]


def metadata(entry: Entry, digest: str) -> dict[str, str]:
    return {
        "faq_id": entry.faq_id,
        "phrasing": entry.phrasing,
        "category": entry.category,
        "digest": digest,
    }


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
