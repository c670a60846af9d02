"""An FAQ as a value: the same in a file, in a draft and in a release.

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
    """One FAQ. ``alternates`` keep the order in which a curator wrote them.

    ``threshold`` and ``margin``, 0 to 1, are its own; None leaves them to its category or policy.
    ``audience`` names who may see it; empty: everybody.
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
        """SHA-256, 64 hex digits: two FAQs with one digest say the same."""
        said = self._fields()
        if not self.audience:
            # It came later: an FAQ for everybody keeps the digest it always had.
            del said["audience"]
        return _sha256(said)

    @property
    def phrasings(self) -> tuple[str, ...]:
        """What is embedded: the question first, then its alternates."""
        return tuple(dict.fromkeys((self.question, *self.alternates)))

    def as_dict(self) -> dict[str, Any]:
        return {**self._fields(), "alternates": list(self.alternates)}

    def _fields(self) -> dict[str, Any]:
        # Not asdict, which copies every value deeply: seconds at 20,000 FAQs.
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Draft:
    """All that a curator may edit of one FAQ: its content, and who keeps it."""

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
        """32 hex digits that change with anything in it."""
        values = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:32]


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


@dataclass(frozen=True)
class Change:
    """How one FAQ differs between two knowledge bases; None where there is none of that slug."""

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
        """What each differing field said and says, but for phrasings."""
        before, after = (each.as_dict() if each else {} for each in (self.before, self.after))
        return {
            name: (before.get(name), after.get(name))
            for name in ("answer", "category", "threshold", "margin", "audience")
            if before.get(name) != after.get(name)
            and not (before.get(name) in _NOTHING and after.get(name) in _NOTHING)
        }

    @property
    def question(self) -> tuple[str, str] | None:
        """What the question was and is, if it is another one."""
        before = self.before.question if self.before else ""
        after = self.after.question if self.after else ""
        return (before, after) if before != after else None

    @property
    def phrasings_added(self) -> tuple[str, ...]:
        return _missing(self.after, self.before)

    @property
    def phrasings_gone(self) -> tuple[str, ...]:
        return _missing(self.before, self.after)

    @property
    def reordered(self) -> bool:
        """Whether the phrasings are the same ones in another order."""
        if self.before is None or self.after is None:
            return False
        one, other = self.before.alternates, self.after.alternates
        return one != other and sorted(one) == sorted(other)

    def as_dict(self) -> dict[str, Any]:
        fields = {"question": self.question} if self.question else {}
        return {
            "slug": self.slug,
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


_NOTHING = (None, "")


def changes(wanted: Mapping[str, Content], stored: Mapping[str, Content]) -> list[Change]:
    """FAQ by FAQ, how ``stored`` must change to say what ``wanted`` says; by slug."""
    difference = compare(wanted, stored)
    slugs = sorted((*difference.added, *difference.changed, *difference.gone))
    return [Change(slug, stored.get(slug), wanted.get(slug)) for slug in slugs]


def digest_of(drafts: Mapping[str, str | None]) -> str:
    """SHA-256, 64 hex digits, of changes to be published: each FAQ's digest by slug.

    None for an FAQ that goes.
    """
    return _sha256(dict(drafts))


def _missing(of: Content | None, where: Content | None) -> tuple[str, ...]:
    there = set(where.phrasings) if where else set()
    return tuple(phrasing for phrasing in (of.phrasings if of else ()) if phrasing not in there)


def _sha256(value: Any) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
