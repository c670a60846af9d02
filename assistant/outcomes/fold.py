"""Fold the sealed log into needs and the times of tickets: each record once, in its order.

A rebuild gives the same rows. Rows whose records it cannot read stay: asks of erased people, and
pruned records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q

from assistant.outcomes import needs as core
from assistant.outcomes.needs import GREETINGS, WINDOW
from assistant.outcomes.rows import Need, NeedAsk, TicketTimes, insert_rows, row_values
from audit.identity.principal import Role
from audit.models import LogPosition, Record, SubjectKey
from tickets.models import Comment, Ticket

CONSUMER = "assistant.outcomes"
BATCH_SIZE = 1_000
"""Sealed records read in one transaction."""

ASKED, RATED = "question.asked", "ask.rated"
OPENED, COMMENTED, RESOLVED = "ticket.opened", "ticket.commented", "ticket.resolved"
REOPENED, OVERDUE = "ticket.reopened", "ticket.breached"
ACTIONS = (ASKED, RATED, OPENED, COMMENTED, RESOLVED, REOPENED, OVERDUE)

OPENS_TICKETS = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.ADMIN})
"""Roles that POST /tickets accepts."""

VISITOR = "visitor"
"""The role of a person without an identity, and the prefix of their user id."""

Changes = dict[str, datetime]
"""By person: the time of the earliest event that was read."""


def fold_new() -> int:
    """Fold the records sealed since the last call; returns their number."""
    return LogPosition.objects.read_new(CONSUMER, _fold, batch_size=BATCH_SIZE)


def rebuild() -> int:
    """Derive everything again from the log; returns the number of records read."""
    with transaction.atomic():
        LogPosition.objects.reset(CONSUMER)
        oldest = Record.objects.order_by("pk").first()
        if oldest:
            living = SubjectKey.objects.values("pseudonym")
            NeedAsk.objects.filter(record_id__gte=oldest.pk, person__in=living).delete()
            TicketTimes.objects.filter(opened__gte=oldest.at, person__in=living).delete()
        remaining = NeedAsk.objects.order_by().values_list("person").annotate(first=Min("at"))
        Need.objects.all().delete()
        NeedAsk.objects.update(need=None)
        _regroup(dict(remaining), [])
        # In one transaction, so that nobody sees half of it.
        return fold_new()


def _fold(record_ids: Sequence[int]) -> None:
    records = Record.objects.filter(action__in=ACTIONS).in_order_of(record_ids)
    changes: Changes = {}
    asks = _new_asks([record for record in records if record.action == ASKED])
    for ask in asks.values():
        _mark_changed(changes, ask.person, ask.at)
    _read_ratings([record for record in records if record.action == RATED], asks, changes)
    _read_tickets([r for r in records if r.action.startswith("ticket.")], asks, changes)
    _regroup(changes, asks.values())


def _mark_changed(changes: Changes, person: str, at: datetime) -> None:
    changes[person] = min(at, changes.get(person, at))


def _new_asks(records: Sequence[Record]) -> dict[UUID, NeedAsk]:
    asks = [_ask(record) for record in records]
    new = {ask.ask_id: ask for ask in asks if ask and ask.reason not in GREETINGS}
    for stored in NeedAsk.objects.filter(ask_id__in=new).values_list("ask_id", flat=True):
        # Asks of erased people, during a rebuild.
        del new[stored]
    return new


def _ask(record: Record) -> NeedAsk | None:
    data = record.data
    decision = data.get("decision") or {}
    closest = decision.get("closest") or {}
    roles = set(data.get("roles") or [])
    name = data.get("conversation_id") or ""
    try:
        ask_id = UUID(record.about.partition(":")[2])
    except ValueError:
        return None
    return NeedAsk(
        ask_id=ask_id,
        record_id=record.pk,
        person=record.subject_key_id or "",
        at=record.at,
        outcome=record.outcome,
        source=data.get("source") or "",
        reason=decision.get("reason", ""),
        faq_id=data.get("faq_id") or closest.get("faq_id") or "",
        release=data.get("release"),
        channel=(data.get("channel") or "")[:40],
        conversation=sha256(name.encode()).hexdigest()[:32] if name else "",
        audiences=data.get("audiences") or [],
        is_visitor=VISITOR in roles or data.get("user_id", "").startswith(f"{VISITOR}-"),
        could_escalate=not roles or bool(roles & OPENS_TICKETS),
    )


def _read_ratings(records: Sequence[Record], new: dict[UUID, NeedAsk], changes: Changes) -> None:
    """Apply the last rating of each ask; ratings of erased people are empty."""
    ratings = {
        UUID(record.about.partition(":")[2]): (record.data["helpful"], record.at)
        for record in records
        if record.data.get("helpful") is not None
    }
    stored = list(NeedAsk.objects.filter(ask_id__in=ratings))
    for ask in [*stored, *(ask for pk, ask in new.items() if pk in ratings)]:
        ask.helpful, ask.rated = ratings[ask.ask_id]
        _mark_changed(changes, ask.person, ask.at)
    NeedAsk.objects.bulk_update(stored, ["helpful", "rated"], batch_size=1_000)


def _read_tickets(records: Sequence[Record], new: dict[UUID, NeedAsk], changes: Changes) -> None:
    numbers = {_number(record) for record in records}
    times = TicketTimes.objects.in_bulk(numbers)
    existing = set(Ticket.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    replies = _desk_replies(records)
    for record in records:
        number = _number(record)
        if record.action == OPENED and number in existing and number not in times:
            times[number] = _opened(number, record)
        if number in times:
            _apply(record, times[number], record.data.get("comment") in replies)
    TicketTimes.objects.bulk_create(
        times.values(),
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["first_reply", "resolved", "overdue"],
    )
    opened = [
        times[number]
        for number in {_number(record) for record in records if record.action == OPENED}
        if number in times
    ]
    askers = _askers(opened, new)
    for ticket in opened:
        for person in {ticket.person, *askers.get(ticket.ask_id, ())}:
            _mark_changed(changes, person, ticket.opened)


def _number(record: Record) -> int:
    return int(record.about.partition(":")[2])


def _desk_replies(records: Sequence[Record]) -> set[int]:
    commented = [record.data.get("comment") for record in records if record.action == COMMENTED]
    replies = Comment.objects.filter(pk__in=[pk for pk in commented if pk], from_desk=True)
    return set(replies.filter(is_internal=False).values_list("pk", flat=True))


def _opened(number: int, record: Record) -> TicketTimes:
    ask_id = record.data.get("ask_id")
    return TicketTimes(
        ticket_id=number,
        ask_id=UUID(str(ask_id)) if ask_id else None,
        person=record.subject_key_id or "",
        reason=record.data.get("reason", ""),
        opened=record.at,
    )


def _apply(record: Record, times: TicketTimes, is_reply: bool) -> None:
    if record.action == COMMENTED and is_reply:
        times.first_reply = times.first_reply or record.at
    elif record.action == RESOLVED:
        times.resolved = record.at
    elif record.action == REOPENED:
        times.resolved = None
    elif record.action == OVERDUE:
        times.overdue = times.overdue or record.at


def _askers(
    tickets: Sequence[TicketTimes], new: dict[UUID, NeedAsk]
) -> dict[UUID | None, set[str]]:
    """Who asked the questions that tickets name: support opens tickets for others."""
    ids = {ticket.ask_id for ticket in tickets if ticket.ask_id}
    people: dict[UUID | None, set[str]] = defaultdict(set)
    for ask_id, person in NeedAsk.objects.filter(pk__in=ids).values_list("ask_id", "person"):
        people[ask_id].add(person)
    for ask_id in ids & new.keys():
        people[ask_id].add(new[ask_id].person)
    return people


def _regroup(changes: Changes, new: Iterable[NeedAsk]) -> None:
    """Derive the needs that an event may have changed: those that were open when it happened."""
    affected = _affected(changes)
    asks: dict[str, dict[UUID, NeedAsk]] = defaultdict(dict)
    for ask in NeedAsk.objects.filter(Q(need__in=affected) | Q(need=None)).iterator():
        asks[ask.person][ask.ask_id] = ask
    stored = {ask_id: ask.need_id for own in asks.values() for ask_id, ask in own.items()}
    new = list(new)
    for ask in new:
        asks[ask.person][ask.ask_id] = ask
    tickets = _tickets(asks)
    rows = []
    for person, own in asks.items():
        for need in core.needs(map(_value, own.values()), tickets.get(person, [])):
            members = [own[UUID(ask.ask_id)] for ask in need.asks]
            rows.append(_row(need, members))
            for ask in members:
                ask.need_id = members[0].ask_id
    _store(rows, affected)
    insert_rows(new)
    moved = [
        ask
        for own in asks.values()
        for ask_id, ask in own.items()
        if ask_id in stored and ask.need_id != stored[ask_id]
    ]
    NeedAsk.objects.bulk_update(moved, ["need"], batch_size=1_000)


def _affected(changes: Changes) -> dict[UUID, Need]:
    earliest = min(changes.values(), default=None)
    if earliest is None:
        return {}
    candidates = Need.objects.filter(person__in=changes, last__gt=earliest - WINDOW)
    return {need.pk: need for need in candidates if need.last > changes[need.person] - WINDOW}


def _value(ask: NeedAsk) -> core.Ask:
    return core.Ask(
        ask_id=str(ask.ask_id),
        at=ask.at,
        outcome=ask.outcome,
        reason=ask.reason,
        conversation=ask.conversation,
        helpful=ask.helpful,
        rated=ask.rated,
    )


def _tickets(asks: dict[str, dict[UUID, NeedAsk]]) -> dict[str, list[core.Ticket]]:
    """By person who asked: their own tickets, and those that name one of their asks."""
    by_ask = {ask_id: person for person, own in asks.items() for ask_id in own}
    tickets: dict[str, list[core.Ticket]] = defaultdict(list)
    rows = TicketTimes.objects.filter(Q(person__in=asks.keys()) | Q(ask_id__in=by_ask.keys()))
    for row in rows:
        ask_id = str(row.ask_id or "")
        asker = by_ask.get(row.ask_id) if row.ask_id else None
        if row.person in asks:
            tickets[row.person].append(core.Ticket(row.opened, ask_id, row.reason))
        if asker is not None and asker != row.person:
            tickets[asker].append(core.Ticket(row.opened, ask_id, row.reason, is_own=False))
    return tickets


def _row(need: core.Need, asks: Sequence[NeedAsk]) -> Need:
    return Need(
        id=asks[0].ask_id,
        person=asks[0].person,
        first=need.first,
        last=need.last,
        asks=len(asks),
        end=need.end.value,
        escalation=need.escalation,
        faq_id=asks[-1].faq_id,
        channel=asks[0].channel,
        audiences=sorted({name for ask in asks for name in ask.audiences}),
        is_visitor=any(ask.is_visitor for ask in asks),
        could_escalate=any(ask.could_escalate for ask in asks),
    )


def _store(rows: Sequence[Need], stored: Mapping[UUID, Need]) -> None:
    """Write the needs that differ from the stored ones, and delete those that are no needs now."""
    unchanged = {
        row.pk for row in rows if row.pk in stored and row_values(row) == row_values(stored[row.pk])
    }
    Need.objects.filter(pk__in=stored.keys() - unchanged).delete()
    insert_rows([row for row in rows if row.pk not in unchanged])
