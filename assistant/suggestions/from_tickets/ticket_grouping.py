"""Find resolved tickets with nearly the same question and reply, or with contradicting replies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from assistant import wiring
from assistant.answering.answer import Question
from assistant.interfaces import Vector
from assistant.learning.communities import communities, matched_ids
from assistant.learning.regrouping import TEXT_LIFETIME, embed, matrix_of, similarity_threshold
from assistant.matching.loaded_release import LoadedRelease
from assistant.meaning.contradiction import contradiction
from assistant.suggestions.ask_vectors import STORED_TYPE
from assistant.suggestions.faq_proposal import MIN_PEOPLE, FaqProposal, ResolvedTicket
from assistant.suggestions.from_tickets.ticket_texts import TicketTexts, texts_of_ticket
from assistant.suggestions.log_reading import faq_in_replies
from audit.people.encryption import DecryptionError
from audit.people.erasure import ERASED
from tickets.models import Ticket

MAX_TICKETS = 2_000
"""The newest ones of the last 90 days are compared."""

MAX_COMPARED = 50
"""Replies to one question that are compared in pairs, for contradictions."""

DRY_RUN_USER = "suggestions"


@dataclass(frozen=True)
class _Source:
    row: ResolvedTicket
    texts: TicketTexts
    question: Vector
    answer: Vector

    @property
    def person(self) -> str:
        return self.row.ticket.requester


@dataclass(frozen=True)
class _Group:
    """``members`` have nearly the same question; the first is the most central one."""

    members: tuple[_Source, ...]
    answer: _Source
    contradicted_by: _Source | None

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(str(member.row.pk) for member in self.members)


def update() -> int:
    """Group the resolved tickets again; returns the number of open proposals.

    Raises ``interfaces.EmbedderUnavailable``.
    """
    release = wiring.live().current()
    if release.embedder is None:
        return 0
    ResolvedTicket.objects.filter(at__lt=timezone.now() - TEXT_LIFETIME, proposal=None).delete()
    _embed_new(release)
    groups = _groups(list(_sources()), release)
    with transaction.atomic():
        _assign(groups)
        _reopen_grown()
    return FaqProposal.objects.filter(status=FaqProposal.Status.OPEN).count()


def _embed_new(release: LoadedRelease) -> None:
    assert release.embedder
    name = release.embedder.name
    rows = list(ResolvedTicket.objects.exclude(embedder=name).select_related("ticket", "person"))
    texts = {row.pk: _texts(row) for row in rows}
    both = [
        text
        for ticket_texts in texts.values()
        if ticket_texts
        for text in (ticket_texts.question, ticket_texts.answer)
    ]
    vectors = embed(both, release) if both else {}
    for row in rows:
        ticket_texts, row.encrypted = texts[row.pk], b""
        if ticket_texts and row.person:
            pair = np.stack([vectors[ticket_texts.question], vectors[ticket_texts.answer]])
            row.encrypted = row.person.encrypt_bytes(pair.astype(STORED_TYPE).tobytes())
        row.embedder = name
    ResolvedTicket.objects.bulk_update(rows, ["embedder", "encrypted"], batch_size=500)


def _texts(row: ResolvedTicket) -> TicketTexts | None:
    # A reply that is an FAQ's answer is evidence for that FAQ instead.
    return None if faq_in_replies(row.ticket) else texts_of_ticket(row.ticket)


def _sources() -> list[_Source]:
    """The resolved tickets of no accepted proposal whose texts were not erased."""
    rows = ResolvedTicket.objects.filter(
        Q(proposal=None) | ~Q(proposal__status=FaqProposal.Status.ACCEPTED),
        ticket__status__in=(Ticket.Status.RESOLVED, Ticket.Status.CLOSED),
    ).exclude(encrypted=b"")
    sources = []
    for row in rows.select_related("ticket", "person")[:MAX_TICKETS]:
        texts = texts_of_ticket(row.ticket) if row.person else None
        if texts is None or row.person is None:
            continue
        try:
            data = row.person.decrypt_bytes(bytes(row.encrypted))
        except DecryptionError:
            continue
        question, answer = np.frombuffer(data, STORED_TYPE).astype(np.float32).reshape(2, -1)
        sources.append(_Source(row, texts, question, answer))
    return sources


def _groups(sources: Sequence[_Source], release: LoadedRelease) -> list[_Group]:
    threshold = similarity_threshold(release)
    groups = []
    questions = matrix_of([source.question for source in sources])
    for community in communities(questions, [1.0] * len(sources), threshold) if sources else ():
        members = [sources[row] for row in community.members]
        if not _are_enough(members):
            continue
        group = _group(members, threshold)
        if group and (group.contradicted_by or not _is_helped(members, release)):
            groups.append(group)
    return groups


def _group(members: Sequence[_Source], threshold: float) -> _Group | None:
    """Tickets with one question; None if their replies are about different things."""
    for one, other in combinations(members[:MAX_COMPARED], 2):
        if contradiction(one.texts.answer, other.texts.answer):
            return _Group(tuple(members), one, other)
    answers = matrix_of([member.answer for member in members])
    alike = communities(answers, [1.0] * len(members), threshold)[0]
    same = [members[row] for row in alike.members]
    if not _are_enough(same):
        return None
    return _Group(tuple(member for member in members if member in same), same[0], None)


def _are_enough(sources: Sequence[_Source]) -> bool:
    return len({source.person for source in sources}) >= MIN_PEOPLE


def _is_helped(members: Sequence[_Source], release: LoadedRelease) -> bool:
    """Whether an FAQ answers the question now, unless people found its answer unhelpful."""
    reason = Ticket.Reason.UNHELPFUL
    if _are_enough([member for member in members if member.row.ticket.reason == reason]):
        return False
    question = Question(text=members[0].texts.question, user_id=DRY_RUN_USER, actor=DRY_RUN_USER)
    return wiring.preview_assistant().dry_run_faqs(question, release) is not None


def _assign(groups: Sequence[_Group]) -> None:
    """Each proposal keeps its id where most of its tickets stay."""
    undecided = FaqProposal.objects.exclude(status=FaqProposal.Status.ACCEPTED)
    earlier: dict[int, set[str]] = defaultdict(set)
    sources = ResolvedTicket.objects.filter(proposal__in=undecided)
    for number, row in sources.values_list("proposal", "pk"):
        earlier[number or 0].add(str(row))
    ids = matched_ids(
        [group.keys for group in groups],
        {pk: frozenset(members) for pk, members in earlier.items()},
    )
    # Tickets of erased people still count.
    sources.exclude(ticket__message=ERASED).update(proposal=None)
    used = [_save(group, key) for group, key in zip(groups, ids, strict=True)]
    FaqProposal.objects.filter(status=FaqProposal.Status.OPEN).exclude(pk__in=used).delete()


def _save(group: _Group, key: int | None) -> int:
    proposal = FaqProposal.objects.get(pk=key) if key else FaqProposal()
    contradicted_by = group.contradicted_by
    proposal.question_of = group.members[0].row.ticket
    proposal.answer_of = group.answer.row.ticket
    proposal.contradicted_by = contradicted_by.row.ticket if contradicted_by else None
    proposal.save()
    members = [member.row.pk for member in group.members]
    ResolvedTicket.objects.filter(pk__in=members).update(proposal=proposal)
    return proposal.pk


def _reopen_grown() -> None:
    """Reopen dismissed proposals that at least twice as many people have asked for since."""
    for proposal in FaqProposal.objects.filter(status=FaqProposal.Status.DISMISSED).ranked():
        if proposal.people >= 2 * max(proposal.people_at_dismissal, 1):
            proposal.reopen(by="")
