"""Personal data in what FAQs say, as ``REDACTION`` takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from audit.privacy.channels import Mode
from audit.privacy.gateway import Channel, PersonalData, apply_inbound, kinds_in
from faq.content import Content
from faq.files.reader import Limits, Problem
from faq.files.row import FileRow
from faq.phrasing import distinct

LIMITS = Limits()

TEXTS = ("slug", "question", "answer", "category", "alternates", "audience")


@dataclass(frozen=True)
class Finding:
    """A field that holds personal data, and of which kinds, in order."""

    field: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}: {', '.join(self.kinds)}"


def findings(content: Content) -> list[Finding]:
    """What whoever brings an FAQ is to be told of; nothing where it is not taken anyway."""
    return _findings(content) if _mode() is Mode.WARN else []


def admitted(content: Content) -> Content:
    """An FAQ as it is kept. Raises ``PersonalData``."""
    mode = _mode()
    if mode not in (Mode.REDACT, Mode.REJECT):
        return content
    found = {each.field: each.kinds for each in _findings(content)}
    # An id is what programs know it by: it stays as it is or is not taken.
    refused = found if mode is Mode.REJECT else {n: found[n] for n in found if n == "slug"}
    if refused:
        raise PersonalData(refused)
    return replace(
        content,
        question=_admit(content.question, "question", LIMITS.question),
        answer=_admit(content.answer, "answer", LIMITS.answer),
        category=_admit(content.category, "category", LIMITS.category),
        audience=_admit(content.audience, "audience", LIMITS.category),
        alternates=tuple(
            _admit(phrasing, "alternates", LIMITS.alternate) for phrasing in content.alternates
        ),
    )


def split_admitted(rows: Sequence[FileRow]) -> tuple[list[FileRow], list[Problem]]:
    """The rows as they are stored, and what is wrong with those that are refused."""
    if _mode() not in (Mode.REDACT, Mode.REJECT):
        return list(rows), []
    stored, problems = [], []
    for row in rows:
        try:
            content = admitted(row.draft().content)
        except PersonalData as refused:
            problems += [
                Problem(row.row, COLUMNS.get(field, field), reason_of(kinds))
                for field, kinds in refused.kinds_by_field.items()
            ]
            continue
        texts = {name: getattr(content, name) for name in TEXTS if name in row.values}
        if "alternates" in texts:
            texts["alternates"] = distinct(content.question, content.alternates)
        stored.append(replace(row, values={**row.values, **texts}))
    return stored, problems


COLUMNS = {"slug": "id"}


def reason_of(kinds: Collection[str]) -> str:
    return f"holds personal data ({', '.join(kinds)}), which is not taken here"


def _mode() -> Mode:
    mode: Mode = settings.REDACTION[Channel.FAQS]
    return mode


def _findings(content: Content) -> list[Finding]:
    said = {name: getattr(content, name) for name in TEXTS}
    texts = {name: "\n".join(v) if isinstance(v, tuple) else v for name, v in said.items()}
    return [
        Finding(name, tuple(sorted(found)))
        for name, text in texts.items()
        if (found := kinds_in(text))
    ]


def _admit(text: str, name: str, longest: int | None = None) -> str:
    """Cut where a placeholder is longer than what it stands for and there is no room."""
    return apply_inbound(Channel.FAQS, text, field=name)[:longest]
