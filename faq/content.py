"""What an FAQ says, as a value: the same in a file, in a draft and in a release.

Pure: standard library only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from faq.reading import normalise


@dataclass(frozen=True)
class Content:
    """One FAQ. ``alternates`` keep the order in which a curator wrote them.

    ``threshold`` and ``margin``, 0 to 1, are its own; None leaves them to its category or policy.
    """

    slug: str
    question: str
    answer: str
    category: str = ""
    alternates: tuple[str, ...] = ()
    threshold: float | None = None
    margin: float | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256, 64 hex digits: two FAQs with one digest say the same."""
        return _sha256(asdict(self))

    @property
    def phrasings(self) -> tuple[str, ...]:
        """What is embedded: the question first, then its alternates."""
        return tuple(dict.fromkeys((self.question, *self.alternates)))

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "alternates": list(self.alternates)}


@dataclass(frozen=True)
class Rule:
    """What a category asks for itself, each 0 to 1; None leaves it to the policy."""

    threshold: float | None = None
    margin: float | None = None


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything a release says: its FAQs by slug, and rules by category."""

    contents: Mapping[str, Content]
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def fingerprint(self, *, embedder: str) -> str:
        """SHA-256 of the whole as one embedder sees it, 64 hex digits; order does not matter."""
        rules = {name: asdict(rule) for name, rule in self.rules.items()}
        digests = sorted(content.digest for content in self.contents.values())
        return _sha256([embedder, rules, digests])


@dataclass(frozen=True)
class Clash:
    """One phrasing of two FAQs: no lead could ever tell them apart."""

    phrasing: str
    slugs: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.slugs
        return f"{self.phrasing!r} is a phrasing of both {first} and {second}"


def clashes(contents: Iterable[Content]) -> list[Clash]:
    """Phrasings, compared as ``normalise`` does, that lead to more than one FAQ."""
    owners: dict[str, str] = {}
    found = []
    for content in sorted(contents, key=lambda content: content.slug):
        for phrasing in content.phrasings:
            owner = owners.setdefault(normalise(phrasing), content.slug)
            if owner != content.slug:
                found.append(Clash(phrasing, (owner, content.slug)))
    return found


@dataclass(frozen=True)
class Difference:
    """What one knowledge base has that another has not, as slugs in order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.gone)


def compare(wanted: Mapping[str, Content], stored: Mapping[str, Content]) -> Difference:
    """How ``stored`` must change to say what ``wanted`` says."""
    both = sorted(wanted.keys() & stored.keys())
    return Difference(
        added=tuple(sorted(wanted.keys() - stored.keys())),
        changed=tuple(slug for slug in both if wanted[slug] != stored[slug]),
        gone=tuple(sorted(stored.keys() - wanted.keys())),
        same=tuple(slug for slug in both if wanted[slug] == stored[slug]),
    )


def _sha256(value: Any) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
