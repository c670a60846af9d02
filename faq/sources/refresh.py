"""Compare a source with what was imported from it, and write the changes as drafts.

Nothing is published. A change gets the stage "source changed" and waits in the review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils import timezone

from audit.privacy.gateway import PersonalData
from faq.content import Content, Draft
from faq.files.personal_data import redact_or_reject, rejection_reason
from faq.files.reader import Unreadable, read_one
from faq.files.row_outcomes import LONG_ANSWER, conflicts
from faq.models import Faq, Source, SourcePair
from faq.phrasing import distinct, normalise
from faq.releases.drafts import drafts, upsert
from faq.short_ids import short_id
from faq.sources.fetching import FetchFailed, Reading
from faq.sources.matching import Matched, match
from faq.sources.pairs import Pair
from faq.write_lock import lock_knowledge_base


@dataclass
class Result:
    """What a refresh did, by FAQ id, JSON-able.

    ``edited``: the source changed, but the draft was edited by hand, so it is not updated.
    ``missing``: not there, but not long enough to count. ``problems``: questions that cannot become
    an FAQ, and why.
    """

    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    retiring: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    same: int = 0

    @property
    def drafts(self) -> int:
        return len(self.changed) + len(self.added) + len(self.retiring) + len(self.restored)

    def __str__(self) -> str:
        text = (
            f"{len(self.changed)} changed, {len(self.added)} added, "
            f"{len(self.retiring)} proposed to retire, {self.same} unchanged"
        )
        more = {
            "to restore": self.restored,
            "not updated because they were edited by hand": self.edited,
            "missing once": self.missing,
            "not imported": self.problems,
        }
        return text + "".join(f", {len(ids)} {words}" for words, ids in more.items() if ids)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "drafts": self.drafts}


def refresh(source: Source, reading: Reading, *, by: str) -> Result:
    """Write the changes of the source as drafts, with their records, all or nothing.

    Raises ``FetchFailed`` if no imported question is there any more: that is another page.
    """
    with lock_knowledge_base():
        source.refresh_from_db(from_queryset=Source.objects.select_for_update())
        result = _Refresh(source, reading, by).run()
        # The next fetch tries again what was not imported, also if the page has not changed.
        source.etag = "" if result.problems else reading.etag
        source.content_hash = reading.hash or source.content_hash
        source.last_checked, source.last_error = timezone.now(), ""
        source.last_result = result.as_dict()
        source.save(
            update_fields=["etag", "content_hash", "last_checked", "last_error", "last_result"]
        )
        source.record("fetched", by=by, hash=source.content_hash, result=result.as_dict())
    return result


class _Refresh:
    def __init__(self, source: Source, reading: Reading, by: str) -> None:
        self.source, self.reading, self.by = source, reading, by
        self.result = Result()
        self.drafts: dict[str, Draft] = {}
        """To write, by FAQ id."""
        self.rows: dict[str, SourcePair] = {}
        """To save with these drafts, or, if there is none, in any case."""

    def run(self) -> Result:
        imported = list(self.source.pairs.select_related("faq"))
        matched = self._match(imported)
        self.stored = drafts([row.faq.slug for row in imported])
        separated = {normalise(text) for pair in matched.new for text in pair.phrasings}
        for at, pair in matched.present:
            self._compare(imported[at], pair, separated)
        for at in matched.missing:
            self._miss(imported[at])
        self._add(matched.new)
        self._write()
        return self.result

    def _match(self, imported: Sequence[SourcePair]) -> Matched:
        if self.reading.pairs is None:
            # Not modified: what was missing is missing again.
            missing = [at for at, row in enumerate(imported) if row.missing]
            self.result.same = len(imported) - len(missing)
            return Matched([], [], missing)
        pairs = [self._checked(pair) for pair in self.reading.pairs]
        matched = match([row.as_pair() for row in imported], pairs)
        if imported and not matched.present:
            raise FetchFailed(
                f"none of the {len(imported)} imported questions is on it any more; "
                "it may show something else now"
            )
        return matched

    def _checked(self, pair: Pair) -> Pair:
        """The pair as an FAQ stores it. One that cannot be stored has no answer."""
        try:
            content = stored_content(pair)
        except ValueError as problem:
            self.result.problems.append(f"{pair.question[:100]}: {problem}")
            return replace(pair, answer="")
        if len(content.answer) > LONG_ANSWER:
            self.result.long.append(content.question)
        return replace(
            pair, question=content.question, answer=content.answer, alternates=content.alternates
        )

    def _compare(self, row: SourcePair, pair: Pair, separated: set[str]) -> None:
        slug, draft = row.faq.slug, self.stored[row.faq.slug]
        if not pair.answer:
            # It is there, and not as we can store it.
            self._save(row, missing=0)
            return
        was_edited = row.is_edited(draft)
        comes_back = row.is_gone and draft.retired
        have = {normalise(text) for text in row.as_pair().phrasings}
        more = [text for text in pair.phrasings if normalise(text) not in have]
        fewer = {normalise(text) for text in row.alternates} & separated
        is_same = pair.answer == row.answer and not more and not fewer and not comes_back
        alternates = [t for t in (*row.alternates, *more) if normalise(t) not in fewer]
        self._save(
            row,
            missing=0,
            answer=pair.answer,
            alternates=alternates,
            key=pair.key[:100] or row.key,
            url=pair.url[:1_000] or row.url,
        )
        if is_same:
            self.result.same += 1
        elif was_edited:
            self.result.edited.append(slug)
        else:
            (self.result.restored if comes_back else self.result.changed).append(slug)
            content = draft.content
            alternates = [t for t in (*content.alternates, *more) if normalise(t) not in fewer]
            content = replace(
                content, answer=pair.answer, alternates=distinct(content.question, alternates)
            )
            self.drafts[slug] = replace(draft, content=content, retired=False)

    def _miss(self, row: SourcePair) -> None:
        slug, draft = row.faq.slug, self.stored[row.faq.slug]
        was_edited = row.is_edited(draft)
        is_counted = row.miss()
        self._save(row)
        if not row.is_gone:
            self.result.missing.append(slug)
        elif is_counted and was_edited:
            self.result.edited.append(slug)
        elif is_counted:
            self.result.retiring.append(slug)
            self.drafts[slug] = replace(draft, retired=True)

    def _add(self, pairs: Iterable[Pair]) -> None:
        used = set(Faq.objects.values_list("slug", flat=True))
        for pair in pairs:
            if not pair.answer:
                continue
            slug = short_id(pair.question, used)
            used.add(slug)
            content = Content(
                slug=slug,
                question=pair.question,
                answer=pair.answer,
                category=self.source.category,
                alternates=pair.alternates,
                audience=self.source.audience,
            )
            self.drafts[slug] = Draft(content, owner=self.source.owner)
            self.result.added.append(slug)
            self.rows[slug] = SourcePair(
                source=self.source,
                key=pair.key[:100],
                url=pair.url[:1_000],
                question=pair.question,
                alternates=list(pair.alternates),
                answer=pair.answer,
            )

    def _write(self) -> None:
        self._drop_conflicts()
        upsert(self.drafts, actor=self.by)
        faqs = Faq.objects.in_bulk(list(self.rows), field_name="slug")
        for slug, row in self.rows.items():
            row.faq = faqs[slug]
            row.save()
        for slug in self.drafts:
            faqs[slug].mark_source_changed(self.source.url, by=self.by)

    def _drop_conflicts(self) -> None:
        """Leave out drafts with a phrasing of another FAQ, until nothing conflicts."""
        while errors := conflicts(self.drafts, self.drafts.keys()):
            for slug, error in errors.items():
                self.result.problems.append(f"{self.drafts[slug].content.question}: {error}")
                del self.drafts[slug], self.rows[slug]
                for slugs in (self.result.changed, self.result.added, self.result.restored):
                    if slug in slugs:
                        slugs.remove(slug)

    def _save(self, row: SourcePair, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(row, name, value)
        self.rows[row.faq.slug] = row


def stored_content(pair: Pair) -> Content:
    """The pair's texts after the checks of a file. Raises ``ValueError`` with the problem."""
    cells = {
        "id": "any",
        "question": pair.question,
        "answer": pair.answer,
        "alternates": "\n".join(pair.alternates),
    }
    try:
        return redact_or_reject(read_one(cells).draft().content)
    except Unreadable as error:
        raise ValueError(f"{error.problems[0].column} {error.problems[0].reason}") from None
    except PersonalData as error:
        kinds = {kind for kinds in error.kinds_by_field.values() for kind in kinds}
        raise ValueError(rejection_reason(sorted(kinds))) from None
