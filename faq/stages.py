"""The stages of a draft before a release: proposed, submitted, or sent back."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction

from audit.models import record
from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound
from faq.draft_comments import DraftComment
from faq.files.personal_data import redact_or_reject
from faq.files.reader import read_one
from faq.files.row import FAQ_COLUMNS
from faq.phrasing import normalise
from faq.short_ids import short_id
from faq.write_lock import lock_knowledge_base

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from faq.content import Content
    from faq.models import AlternateQuestion


class FaqIdInUse(Exception):
    """Another FAQ has this id."""


class StagedDraftManager(models.Manager[Any]):
    if TYPE_CHECKING:

        def with_status(self) -> models.QuerySet[Any]: ...

    def unused_id(self, question: str) -> str:
        """A short id that no FAQ has."""
        same = self.filter(slug__startswith=short_id(question))
        return short_id(question, set(same.values_list("slug", flat=True)))

    def propose(
        self,
        question: str,
        answer: str,
        *,
        by: str,
        faq_id: str = "",
        category: str = "",
        alternates: Collection[str] = (),
    ) -> Any:
        """Create a draft that waits for a curator, with its record; by default with a short id.

        Raises ``FaqIdInUse``, ``PhrasingConflict``, ``Unreadable`` that names the columns, and
        ``PersonalData``.
        """
        cells = {"id": faq_id or "any", "question": " ".join(question.split()), "answer": answer}
        row = read_one({**cells, "category": category, "alternates": "\n".join(alternates)})
        content = redact_or_reject(row.draft().content)
        with lock_knowledge_base():
            if self.filter(slug=faq_id).exists():
                raise FaqIdInUse(faq_id)
            faq = self.create(
                slug=faq_id or self.unused_id(content.question),
                question=content.question,
                answer=content.answer,
                category=content.category,
            )
            for alternate in content.alternates:
                faq.alternates.create(text=alternate)
            faq._propose(by=by)
        return faq

    def equal_to_live(self, *slugs: str) -> list[str]:
        """The slugs of the FAQs whose draft equals the live release; by default among all FAQs."""
        published = self.with_status().filter(status__in=("published", "retired"))
        faqs = published.filter(slug__in=slugs) if slugs else published
        return list(faqs.values_list("slug", flat=True))

    def end_stages(self) -> None:
        """End the stages of published drafts. Call it after a release."""
        staged = list(self.exclude(stage="").values_list("slug", flat=True))
        if staged:
            published = self.equal_to_live(*staged)
            self.filter(slug__in=published).update(stage="", submitted_by="")


class StagedDraft(models.Model):
    """The stage of a draft, and who proposed or submitted it.

    A release with the draft's content ends its stage.
    """

    class Stage(models.TextChoices):
        PROPOSED = "proposed"
        """By somebody who may not edit FAQs; a curator reviews it."""
        SUBMITTED = "submitted"
        """A publisher reviews it."""
        RETURNED = "returned", "sent back"
        SOURCE = "source", "source changed"
        """Written by a refresh of its source; a publisher reviews it."""

    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True, editable=False)
    submitted_by = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Who proposed or submitted it."
    )

    if TYPE_CHECKING:
        objects: ClassVar[StagedDraftManager]
        slug: str
        alternates: RelatedManager[AlternateQuestion]
        comments: RelatedManager[DraftComment]

        def content(self) -> Content: ...

    class Meta:
        abstract = True

    def add_phrasing(self, text: str, *, by: str, is_proposal: bool = False) -> bool:
        """Add an alternate question to the draft, with its record. False if the draft has it.

        A proposal waits for a curator, unless the draft is already submitted. Raises
        ``PhrasingConflict`` if another FAQ has it, ``Unreadable`` if it is no question, and
        ``PersonalData``.
        """
        text = valid_question(text)
        with lock_knowledge_base():
            self.refresh_from_db()
            content = self.content()
            if normalise(text) in map(normalise, content.phrasings):
                return False
            self.alternates.create(text=text)
            before, after = list(content.alternates), [*content.alternates, text]
            fields = {"alternates": {"before": before, "after": after}}
            self._record("proposed" if is_proposal else "changed", by=by, fields=fields)
            if is_proposal:
                self._note(DraftComment.Kind.PROPOSED, text, by=by)
                if self.stage != self.Stage.SUBMITTED:
                    self._set_stage(self.Stage.PROPOSED, by=by)
        return True

    def _propose(self, *, by: str) -> None:
        """Record a new draft as proposed; it waits for a curator."""
        values = {name: value for name, value in self.content().as_dict().items() if value}
        fields = {name: {"before": None, "after": value} for name, value in values.items()}
        self._record("proposed", by=by, fields=fields)
        self._note(DraftComment.Kind.PROPOSED, "", by=by)
        self._set_stage(self.Stage.PROPOSED, by=by)

    def submit(self, *, by: str, note: str = "") -> bool:
        """Ask a publisher to publish the draft.

        False if it is already submitted or published. Raises ``PersonalData``.
        """
        note = _valid_text(note)
        with lock_knowledge_base():
            self.refresh_from_db()
            is_published = self.slug in type(self).objects.equal_to_live(self.slug)
            if self.stage == self.Stage.SUBMITTED or is_published:
                return False
            self._set_stage(self.Stage.SUBMITTED, by=by)
            self._note(DraftComment.Kind.SUBMITTED, note, by=by)
            self._record("submitted", by=by, note=note)
        return True

    def send_back(self, reason: str, *, by: str) -> bool:
        """Return a proposed or submitted draft to its author. False if it is neither.

        Raises ``ValueError`` without a reason, and ``PersonalData``.
        """
        reason = _valid_text(reason)
        if not reason:
            raise ValueError("a reason is required to send a draft back")
        with lock_knowledge_base():
            self.refresh_from_db()
            if self.stage not in (self.Stage.PROPOSED, self.Stage.SUBMITTED):
                return False
            self._set_stage(self.Stage.RETURNED, by=self.submitted_by)
            self._note(DraftComment.Kind.RETURNED, reason, by=by)
            self._record("returned", by=by, to=self.submitted_by, reason=reason)
        return True

    @transaction.atomic
    def comment(self, text: str, *, by: str) -> None:
        """Add a comment for the people who work on the draft. Raises ``PersonalData``."""
        text = _valid_text(text)
        self._note(DraftComment.Kind.COMMENTED, text, by=by)
        self._record("commented", by=by, text=text)

    @transaction.atomic
    def mark_source_changed(self, url: str, *, by: str) -> None:
        """Let the draft wait in the review: a refresh of its source at ``url`` wrote it.

        A draft that was submitted before stays submitted.
        """
        self._note(DraftComment.Kind.SOURCE, url, by=by)
        self._record("source_changed", by=by, url=url)
        if self.stage != self.Stage.SUBMITTED:
            self._set_stage(self.Stage.SOURCE, by=by)

    def _record(self, verb: str, *, by: str, **data: object) -> None:
        record(f"faq.{verb}", actor=by, kind="faq", key=self.slug, data=data)

    def _note(self, kind: DraftComment.Kind, text: str, *, by: str) -> None:
        self.comments.create(kind=kind, text=text, author=stored_name(by))

    def _set_stage(self, stage: Stage, *, by: str) -> None:
        self.stage, self.submitted_by = stage, stored_name(by)
        type(self)._base_manager.filter(pk=self.pk).update(
            stage=self.stage, submitted_by=self.submitted_by
        )


def valid_question(text: str) -> str:
    """The question after the checks of a file's row. Raises ``Unreadable`` and ``PersonalData``."""
    row = read_one({**dict.fromkeys(FAQ_COLUMNS, "any"), "question": " ".join(text.split())})
    return apply_inbound(Channel.FAQS, row.values["question"], field="question")


def _valid_text(text: str) -> str:
    return apply_inbound(Channel.FAQS, text.strip(), field="text")
