"""An FAQ as a value, the same in a file, a draft and a release.

Pure: no Django, no database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import Any

from faq.phrasing import normalise


@dataclass(frozen=True)
class Content:
    """The content of one FAQ. ``alternates`` keep the curator's order.

    ``threshold`` and ``margin``, 0 to 1, override those of the category and the policy; None: no
    override. ``audience`` names who may see the FAQ; empty: everybody.
    """

    slug: str
    question: str
    answer: str
    category: str = ""
    alternates: tuple[str, ...] = ()
    threshold: float | None = None
    margin: float | None = None
    audience: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256, 64 hex digits; equal for equal content."""
        values = self._fields()
        if not self.audience:
            # Keeps the digests that were stored before there was an audience.
            del values["audience"]
        return _sha256(values)

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The texts to embed: the question first, then its alternates."""
        return tuple(dict.fromkeys((self.question, *self.alternates)))

    def as_dict(self) -> dict[str, Any]:
        return {**self._fields(), "alternates": list(self.alternates)}

    def _fields(self) -> dict[str, Any]:
        # asdict() copies every value deeply: seconds at 20,000 FAQs.
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Draft:
    """Everything a curator can edit of one FAQ: content, owner, review date, retired."""

    content: Content
    owner: str = ""
    review_by: date | None = None
    retired: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.content.as_dict(),
            "owner": self.owner,
            "review_by": self.review_by.isoformat() if self.review_by else None,
            "retired": self.retired,
        }

    @property
    def etag(self) -> str:
        """32 hex digits that change with any field."""
        values = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Rule:
    """Threshold and margin of a category, each 0 to 1; None: the policy's."""

    threshold: float | None = None
    margin: float | None = None


@dataclass(frozen=True)
class KnowledgeBase:
    """All FAQs by slug, and rules by category."""

    contents: Mapping[str, Content]
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def fingerprint(self, *, embedder: str) -> str:
        """SHA-256, 64 hex digits, of the FAQs in any order, the rules and the embedder."""
        rules = {name: asdict(rule) for name, rule in self.rules.items()}
        digests = sorted(content.digest for content in self.contents.values())
        return _sha256([embedder, rules, digests])


@dataclass(frozen=True)
class Clash:
    """A phrasing that two FAQs share, so that no lead can separate them."""

    phrasing: str
    slugs: tuple[str, str]

    def other_than(self, slug: str) -> str:
        """The FAQ that has the phrasing, besides ``slug``."""
        first, second = self.slugs
        return second if first == slug else first

    def __str__(self) -> str:
        first, second = self.slugs
        return f"{self.phrasing!r} is a phrasing of both {first} and {second}"


def clashes(contents: Iterable[Content]) -> list[Clash]:
    """Phrasings, equal after ``normalise``, of more than one FAQ."""
    owners: dict[str, str] = {}
    conflicts = []
    for content in sorted(contents, key=lambda content: content.slug):
        for phrasing in content.phrasings:
            owner = owners.setdefault(normalise(phrasing), content.slug)
            if owner != content.slug:
                conflicts.append(Clash(phrasing, (owner, content.slug)))
    return conflicts


@dataclass(frozen=True)
class Difference:
    """How a new knowledge base differs from an old one: sorted slugs."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.gone)


def compare(new: Mapping[str, Content], old: Mapping[str, Content]) -> Difference:
    """The difference from ``old`` to ``new``, both by slug."""
    both = sorted(new.keys() & old.keys())
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(slug for slug in both if new[slug] != old[slug]),
        gone=tuple(sorted(old.keys() - new.keys())),
        same=tuple(slug for slug in both if new[slug] == old[slug]),
    )


@dataclass(frozen=True)
class Change:
    """How one FAQ differs between two knowledge bases; None: the FAQ is not in it."""

    slug: str
    before: Content | None
    after: Content | None

    @property
    def kind(self) -> str:
        """added, changed or gone."""
        if self.before is None:
            return "added"
        return "gone" if self.after is None else "changed"

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Old and new value of each field that differs, except question and alternates."""
        before = self.before.as_dict() if self.before else {}
        after = self.after.as_dict() if self.after else {}
        return {
            name: (before.get(name), after.get(name))
            for name in ("answer", "category", "threshold", "margin", "audience")
            if before.get(name) != after.get(name)
            and not (before.get(name) in _EMPTY and after.get(name) in _EMPTY)
        }

    @property
    def question(self) -> tuple[str, str] | None:
        """Old and new question; None if they are equal."""
        before = self.before.question if self.before else ""
        after = self.after.question if self.after else ""
        return (before, after) if before != after else None

    @property
    def phrasings_added(self) -> tuple[str, ...]:
        return _only_in(self.after, self.before)

    @property
    def phrasings_gone(self) -> tuple[str, ...]:
        return _only_in(self.before, self.after)

    @property
    def reordered(self) -> bool:
        """True if only the order of the alternates differs."""
        if self.before is None or self.after is None:
            return False
        one, other = self.before.alternates, self.after.alternates
        return one != other and sorted(one) == sorted(other)

    def as_dict(self) -> dict[str, Any]:
        fields = {"question": self.question} if self.question else {}
        return {
            "faq_id": self.slug,
            "change": self.kind,
            "differs": {
                name: {"before": before, "after": after}
                for name, (before, after) in {**fields, **self.fields}.items()
            },
            "phrasings": {
                "added": list(self.phrasings_added),
                "gone": list(self.phrasings_gone),
            },
        }


_EMPTY = (None, "")


def changes(new: Mapping[str, Content], old: Mapping[str, Content]) -> list[Change]:
    """The changes from ``old`` to ``new``, sorted by slug."""
    difference = compare(new, old)
    slugs = sorted((*difference.added, *difference.changed, *difference.gone))
    return [Change(slug, old.get(slug), new.get(slug)) for slug in slugs]


def digest_of(drafts: Mapping[str, str | None]) -> str:
    """SHA-256, 64 hex digits, of changes: each FAQ's digest by slug, None for a removed FAQ."""
    return _sha256(dict(drafts))


def _only_in(one: Content | None, other: Content | None) -> tuple[str, ...]:
    """Phrasings of ``one`` that ``other`` does not have."""
    excluded = set(other.phrasings) if other else set()
    return tuple(
        phrasing for phrasing in (one.phrasings if one else ()) if phrasing not in excluded
    )


def _sha256(value: Any) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
