"""The phrasings of a release as entries of an index and of a matrix.

Pure: no Django.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from assistant.interfaces import Entry, Vector
from assistant.text import tokens
from faq.content import Content

SEPARATOR = "#"
"""Between the faq_id and the digest in a key; no faq_id contains it."""


def faq_of(key: str) -> str:
    """The faq_id in an entry's key."""
    return key.rpartition(SEPARATOR)[0]


def digest_of(text: str) -> bytes:
    """SHA-256, 32 bytes: the key of a stored vector."""
    return hashlib.sha256(text.encode()).digest()


def phrasings(contents: Iterable[Content]) -> Iterable[str]:
    return (phrasing for content in contents for phrasing in content.phrasings)


MAX_SENTENCES = 50
"""Sentences of an answer that are indexed."""


def answers_of(collection: str) -> str:
    """The name of the collection of a release's answers, given that of its phrasings."""
    return f"{collection}-answers"


def answer_texts(content: Content) -> list[str]:
    """Each sentence of the FAQ's answer, with the FAQ's question before it."""
    sentences = dict.fromkeys(tokens.sentences(content.answer))
    return [f"{content.question} {sentence}" for sentence in sentences][:MAX_SENTENCES]


def training_text(content: Content) -> str:
    """The FAQ's question and answer: a text that only the release's classifier learns from."""
    return f"{content.question} {content.answer}"


def entries(contents: Iterable[Content], vectors: Mapping[str, Vector]) -> list[Entry]:
    """An entry for every phrasing of a release, in a fixed order; ``vectors`` by text."""
    return [
        _entry(content, phrasing, vectors[phrasing])
        for content in sorted(contents, key=lambda content: content.slug)
        for phrasing in content.phrasings
    ]


def answer_entries(contents: Iterable[Content], vectors: Mapping[str, Vector]) -> list[Entry]:
    """An entry for every sentence of every answer, in a fixed order; ``vectors`` by text."""
    return [
        _entry(content, text, vectors[text])
        for content in sorted(contents, key=lambda content: content.slug)
        for text in answer_texts(content)
    ]


def entries_as_embedded(
    contents: Iterable[Content], vectors: Iterable[Mapping[str, Vector]]
) -> Iterator[Entry]:
    """The same entries, each as soon as its vector arrives. Vectors of other texts are ignored."""
    owners: dict[str, list[Content]] = {}
    for content in contents:
        for phrasing in content.phrasings:
            owners.setdefault(phrasing, []).append(content)
    for batch in vectors:
        for text, vector in batch.items():
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
