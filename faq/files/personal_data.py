"""Personal data in FAQs: warn, redact or reject, depending on ``REDACTION``."""

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

FIELD_NAMES = {"slug": "faq_id"}
TEXTS = ("slug", "question", "answer", "category", "alternates", "audience")


@dataclass(frozen=True)
class Finding:
    """A field with personal data, and the kinds of it, sorted."""

    field: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}: {', '.join(self.kinds)}"


def findings(content: Content) -> list[Finding]:
    """Personal data to warn the curator about; empty unless the mode is ``WARN``."""
    return _findings(content) if _mode() is Mode.WARN else []


def redact_or_reject(content: Content) -> Content:
    """The content to store: redacted in mode ``REDACT``. Raises ``PersonalData`` in ``REJECT``."""
    mode = _mode()
    if mode not in (Mode.REDACT, Mode.REJECT):
        return content
    kinds = {finding.field: finding.kinds for finding in _findings(content)}
    if mode is not Mode.REJECT:
        # The id is a key for programs: a redacted one would be another FAQ.
        kinds = {field: names for field, names in kinds.items() if field == "faq_id"}
    if kinds:
        raise PersonalData(kinds)
    return replace(
        content,
        question=_redact(content.question, "question", LIMITS.question),
        answer=_redact(content.answer, "answer", LIMITS.answer),
        category=_redact(content.category, "category", LIMITS.category),
        audience=_redact(content.audience, "audience", LIMITS.category),
        alternates=tuple(
            _redact(phrasing, "alternates", LIMITS.alternate) for phrasing in content.alternates
        ),
    )


def redact_or_reject_rows(rows: Sequence[FileRow]) -> tuple[list[FileRow], list[Problem]]:
    """The rows to store, and the problems of rejected rows."""
    if _mode() not in (Mode.REDACT, Mode.REJECT):
        return list(rows), []
    stored, problems = [], []
    for row in rows:
        try:
            content = redact_or_reject(row.draft().content)
        except PersonalData as error:
            problems += [
                Problem(row.row, COLUMNS.get(field, field), rejection_reason(kinds))
                for field, kinds in error.kinds_by_field.items()
            ]
            continue
        texts = {name: getattr(content, name) for name in TEXTS if name in row.values}
        if "alternates" in texts:
            texts["alternates"] = distinct(content.question, content.alternates)
        stored.append(replace(row, values={**row.values, **texts}))
    return stored, problems


COLUMNS = {"faq_id": "id"}
"""The column of a field in files, if the names differ."""


def rejection_reason(kinds: Collection[str]) -> str:
    return f"contains personal data ({', '.join(kinds)}), which is not allowed here"


def _mode() -> Mode:
    mode: Mode = settings.REDACTION[Channel.FAQS]
    return mode


def _findings(content: Content) -> list[Finding]:
    values = {name: getattr(content, name) for name in TEXTS}
    texts = {name: "\n".join(v) if isinstance(v, tuple) else v for name, v in values.items()}
    return [
        Finding(FIELD_NAMES.get(name, name), tuple(sorted(kinds)))
        for name, text in texts.items()
        if (kinds := kinds_in(text))
    ]


def _redact(text: str, name: str, longest: int | None = None) -> str:
    """Truncated to ``longest``, since a placeholder may be longer than the text it replaces."""
    return apply_inbound(Channel.FAQS, text, field=name)[:longest]
