"""Changes of FAQs as the templates of the review and of releases show them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from faq.admin.stages import stage_text
from faq.content import Change
from faq.models import Faq
from faq.releases import unreadable
from faq.releases.review import digest_after

NO_DIGEST = "removed"
"""In a form value, in place of the digest of an FAQ that the next release does not have."""


class ChangeView:
    """One change, for the templates."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.slug, self.kind = change.slug, change.kind
        self.name = (change.after or change.before).question  # type: ignore[union-attr]
        self.value = f"{change.slug}={digest_after(change) or NO_DIGEST}"
        self.phrasings_added = change.phrasings_added
        self.phrasings_removed = change.phrasings_gone
        self.reordered = change.reordered
        self.warnings = unreadable.warnings(change.phrasings_added)
        self.stage, self.page = "", ""

    @property
    def fields(self) -> list[tuple[str, SafeString]]:
        """Name and highlighted text of each field that changed, without the phrasings."""
        return [
            (name, highlight_changes(_text(before), _text(after)))
            for name, (before, after) in self.change.fields.items()
        ]


def staged_views(changes: Sequence[Change]) -> list[ChangeView]:
    """With the stage of each draft, and the address of its page."""
    views = [ChangeView(change) for change in changes]
    drafts = {faq.slug: faq for faq in Faq.objects.filter(slug__in=[view.slug for view in views])}
    for view in views:
        if faq := drafts.get(view.slug):
            view.stage = stage_text(faq)
            view.page = reverse("admin:faq_faq_change", args=[faq.pk])
    return views


def highlight_changes(before: str, after: str) -> SafeString:
    """Both texts as one, word by word: removed words in ``<del>``, added words in ``<ins>``."""
    old, new = _words(before), _words(after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts: list[tuple[SafeString | str]] = []
    for step, start, end, new_start, new_end in steps:
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        if step == "equal":
            parts.append((removed,))
            continue
        if removed:
            parts.append((format_html("<del>{}</del>", removed),))
        if added:
            parts.append((format_html("<ins>{}</ins>", added),))
    return format_html_join("", "{}", parts)


MAX_WORDS = 2_000
"""Longer texts are compared as a whole: the time grows with the square of the words."""


def _words(text: str) -> list[str]:
    words = [word for line in text.splitlines(keepends=True) for word in _split(line)]
    return words if len(words) <= MAX_WORDS else [text]


def _split(line: str) -> list[str]:
    pieces = line.split(" ")
    return [piece + " " for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _text(value: Any) -> str:
    return "" if value is None else str(value)
