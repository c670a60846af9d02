"""The phrasings of a release as an index and a matrix keep them.

Pure: no Django.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from assistant.interfaces import Entry, Vector
from faq.content import Content

SEPARATOR = "#"
"""Between the slug and the digest of a key; no slug has one."""


def faq_of(key: str) -> str:
    """The FAQ whose phrasing has this key."""
    return key.rpartition(SEPARATOR)[0]


def digest_of(text: str) -> bytes:
    """SHA-256, 32 bytes: what a stored vector is found by."""
    return hashlib.sha256(text.encode()).digest()


def phrasings(contents: Iterable[Content]) -> Iterable[str]:
    return (phrasing for content in contents for phrasing in content.phrasings)


def training_text(content: Content) -> str:
    """The FAQ's question with its answer, which a release's classifier learns from as well."""
    return f"{content.question} {content.answer}"


def entries(contents: Iterable[Content], known: Mapping[str, Vector]) -> list[Entry]:
    """Every phrasing of a release as the index keeps it, in an order that never varies."""
    return [
        _entry(content, phrasing, known[phrasing])
        for content in sorted(contents, key=lambda content: content.slug)
        for phrasing in content.phrasings
    ]


def arriving(
    contents: Iterable[Content], vectors: Iterable[Mapping[str, Vector]]
) -> Iterator[Entry]:
    """The same entries, each as soon as its vector is there. Other texts' vectors are no matter."""
    owners: dict[str, list[Content]] = {}
    for content in contents:
        for phrasing in content.phrasings:
            owners.setdefault(phrasing, []).append(content)
    for some in vectors:
        for text, vector in some.items():
            for content in owners.get(text, ()):
                yield _entry(content, text, vector)


def _entry(content: Content, phrasing: str, vector: Vector) -> Entry:
    return Entry(
        key=f"{content.slug}{SEPARATOR}{digest_of(phrasing).hex()[:16]}",
        faq_id=content.slug,
        phrasing=phrasing,
        category=content.category,
        vector=vector,
        audience=content.audience,
    )
