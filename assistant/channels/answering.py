"""Answer one message in the worker: ask, choose, rate, or hand over to a person."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from assistant.answering.answer import Answer, BadQuestion, Outcome, Question
from assistant.channels import sending
from assistant.channels.inbound import Kind
from assistant.channels.messages import Message, SentMessage, Thread, ThreadTicket, digest
from assistant.channels.replies import (
    HELPFUL,
    NEW,
    NONE,
    PERSON,
    UNHELPFUL,
    Offer,
    Reply,
    chosen_by_number,
    split_token,
)
from assistant.decision.message import NO_CHOICE
from assistant.decision.reasons import Reason
from assistant.learning.feedback import AskNotFound, Feedback
from assistant.serializers import MAX_MESSAGE_LENGTH
from assistant.wiring import get_assistant
from audit.identity.principal import Principal, Role
from audit.privacy.gateway import Channel as Texts
from audit.privacy.gateway import PersonalData, apply_inbound
from tickets.opening import open_ticket

Status = Message.Status

log = logging.getLogger("assistant.channels")


def answer(message_id: str, *, is_last_try: bool = False) -> None:
    """Answer a message that waits, and store its reply in the outbox.

    Raises any failure, so that the queue retries; at the last try the reply offers a person.
    """
    waiting = Message.objects.filter(pk=message_id, status=Status.WAITING)
    message = waiting.select_related("channel", "thread__channel").first()
    if message is None:
        return
    with override(message.channel.language):
        try:
            _answer(message)
        except PersonalData as refusal:
            _finish(message, "refused", Reply(str(refusal)))
        except Exception as failure:
            if not is_last_try:
                raise
            log.exception("message %s of a channel", message.pk)
            _fail(message, failure)


def _answer(message: Message) -> None:
    kind = Kind(message.kind)
    if kind is Kind.RATING:
        _rate(message)
    elif kind is Kind.CHOICE:
        _choose_by_token(message)
    elif kind is Kind.START:
        _finish(message, "started", Reply(_("How can we help?")))
    else:
        _read(message, message.contents.get("text", "")[:MAX_MESSAGE_LENGTH])


def _read(message: Message, text: str) -> None:
    """A text: the number of an option, a message to the open ticket, or a question."""
    thread = message.thread
    earlier = None if thread.channel.shows_buttons else thread.last_offers()
    if earlier and (offer := chosen_by_number(text, earlier[1])):
        _choose(message, earlier[0], offer.does)
        return
    if not _added_to_ticket(message, text):
        _ask(message, text)


@transaction.atomic
def _added_to_ticket(message: Message, text: str) -> bool:
    """Add the message to the thread's open ticket; False if there is none."""
    ticket = message.thread.open_ticket()
    if ticket is None or not ticket.comment(text, by=message.thread.user_id, from_desk=False):
        return False
    _finish(message, f"added to ticket {ticket.pk}")
    return True


# --- Asking ---------------------------------------------------------------------------------------


def _ask(message: Message, text: str, *, choice: str = "") -> None:
    thread = message.thread
    question = Question(
        text=apply_inbound(Texts.ASK, text, field="text"),
        user_id=thread.user_id,
        actor=thread.user_id,
        roles=(Role.CUSTOMER.value,),
        choice=choice,
        conversation_id=thread.conversation,
        channel=thread.channel.name,
    )

    def store(answer: Answer) -> None:
        reply = reply_to(answer, shows_reactions=thread.channel.shows_reactions)
        options = [match.faq_id for match in answer.options]
        _finish(message, answer.outcome.value, reply, question=text, options=options)

    try:
        # A worker that is killed leaves both the record and the reply, or neither.
        get_assistant().ask(question, store=store)
    except BadQuestion:
        if not choice:
            raise
        # The FAQ was retired since it was offered.
        _ask(message, text)


def reply_to(answer: Answer, *, shows_reactions: bool) -> Reply:
    """The reply of a channel to an answer, in the active language."""
    person = Offer(_("Ask a person"), PERSON)
    if answer.outcome is Outcome.CLARIFY:
        options = [
            Offer(answer.questions[match.faq_id], str(number))
            for number, match in enumerate(answer.options, 1)
        ]
        text = _("Which of these do you mean?")
        offers = [*options, Offer(_("None of these"), NONE), person]
    elif answer.outcome is Outcome.UNANSWERED:
        text = answer.text or _("We have no answer to this yet.")
        offers = [] if answer.decision.reason is Reason.SMALL_TALK else [person]
    else:
        text = answer.text or ""
        if answer.source == "agent":
            text += "\n\n*" + _("Written by AI") + "*"
        ratings = [Offer(_("This helped"), HELPFUL), Offer(_("This did not help"), UNHELPFUL)]
        offers = [person] if shows_reactions else [*ratings, person]
    return Reply(text, tuple(offers), answer.outcome.value, answer.ask_id)


# --- Choosing -------------------------------------------------------------------------------------


def _choose_by_token(message: Message) -> None:
    message_id, does = split_token(message.choice)
    try:
        earlier = Message.objects.filter(pk=UUID(message_id)).select_related("thread").first()
    except ValueError:
        earlier = None
    if earlier and earlier.thread_id == message.thread_id:
        _choose(message, earlier, does)
    elif earlier:
        message.finish(Status.IGNORED, "somebody else's offer")
    else:
        _finish(message, "the offer has expired", Reply(_("How can we help?")))


def _choose(message: Message, earlier: Message, does: str) -> None:
    if does not in {offer.does for offer in earlier.offered}:
        message.finish(Status.IGNORED, "this was not offered")
    elif does == NEW:
        with transaction.atomic():
            ThreadTicket.objects.filter(thread=message.thread).update(takes_messages=False)
            _finish(message, "asks something else", Reply(_("How can we help?")))
    elif does == PERSON:
        _open_ticket(message, earlier)
    elif does in (HELPFUL, UNHELPFUL):
        _rate_by_button(message, earlier, helpful=does == HELPFUL)
    elif does == NONE:
        _ask(message, earlier.question_text, choice=NO_CHOICE)
    else:
        _ask(message, earlier.question_text, choice=earlier.options[int(does) - 1])


@transaction.atomic
def _open_ticket(message: Message, earlier: Message) -> None:
    """Open a ticket, once for each question, however often the button is pressed."""
    thread = message.thread
    ask_id = str(earlier.ask_id) if earlier.ask_id else None
    opening = open_ticket(
        {"message": earlier.question_text, "ask_id": ask_id},
        Principal(thread.user_id, frozenset({Role.CUSTOMER})),
        key=f"channel message {earlier.pk}",
        channel=thread.channel.name,
    )
    ticket = opening.ticket
    assert ticket
    ThreadTicket.objects.get_or_create(ticket=ticket, defaults={"thread": thread})
    text = _("Your ticket has the number %(number)s. A person answers you here.")
    offers = (Offer(_("Ask another question"), NEW),)
    reply = Reply(text % {"number": ticket.pk}, offers, "ticket")
    _finish(message, f"ticket {ticket.pk} opened", reply)


# --- Feedback -------------------------------------------------------------------------------------


def _rate(message: Message) -> None:
    """Rate by a reaction of the person who asked; other people's reactions are not stored."""
    reference = message.contents.get("reference", "")
    sent = SentMessage.objects.filter(digest=digest(message.channel_id, reference)).first()
    ask_id = sent.message.ask_id if sent else None
    _submit(message.thread, ask_id, helpful=bool(message.helpful))
    _finish(message, "rated")


@transaction.atomic
def _rate_by_button(message: Message, earlier: Message, *, helpful: bool) -> None:
    _submit(message.thread, earlier.ask_id, helpful=helpful)
    if helpful:
        _finish(message, "rated helpful", Reply(_("You said that this helped. Thank you.")))
        return
    # A person is offered about the question that was rated.
    offers = (Offer(_("Ask a person"), PERSON),)
    reply = Reply(_("You said that this did not help."), offers, ask_id=str(earlier.ask_id or ""))
    _finish(message, "rated unhelpful", reply, question=earlier.question_text)


def _submit(thread: Thread, ask_id: UUID | None, *, helpful: bool) -> None:
    try:
        if ask_id:
            Feedback.objects.submit(
                ask_id=ask_id, user_id=thread.user_id, actor=thread.user_id, helpful=helpful
            )
    except AskNotFound:
        log.info("feedback on an ask that was erased or pruned")


# --- The reply ------------------------------------------------------------------------------------


def _fail(message: Message, failure: Exception) -> None:
    offers = (Offer(_("Ask a person"), PERSON),)
    reply = Reply(_("This could not be answered now."), offers)
    _finish(
        message,
        type(failure).__name__,
        reply,
        question=message.contents.get("text", "")[:MAX_MESSAGE_LENGTH],
        status=Status.FAILED,
    )


@transaction.atomic
def _finish(
    message: Message,
    result: str,
    reply: Reply | None = None,
    *,
    question: str = "",
    options: list[str] | None = None,
    status: Message.Status = Status.ANSWERED,
) -> None:
    """Store the result of the message, and enqueue its reply."""
    message.finish(
        status,
        result,
        ask_id=reply.ask_id if reply else "",
        question=question,
        options=options or [],
        offers=reply.offers if reply else (),
        replied=reply is not None,
    )
    if reply:
        sending.enqueue(message, reply)
