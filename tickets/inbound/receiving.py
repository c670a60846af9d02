"""What becomes of a mail: a ticket, a message in its conversation, a note, an answer, or parked."""

from __future__ import annotations

import logging
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.privacy.gateway import Channel, PersonalData, redact_outbound
from tickets.comments import Comment
from tickets.delivery.outbox import Delivery
from tickets.excerpts import letter_body
from tickets.inbound import authentication_results, parsing, questions, threads
from tickets.inbound.authentication_results import Dmarc
from tickets.inbound.inbound_mail import InboundMail
from tickets.inbound.mail_files import accepted_files
from tickets.inbound.parsing import ParsedMail, UnreadableMail
from tickets.models import Ticket
from tickets.ticket_fields import MAX_TEXT_LENGTH

CHANNEL = "mail"

FROM_OTHERS = "Not from the customer: a mail from {sender} answers this ticket."
"""The first line of a note with a mail of somebody other than the requester."""

FROM_A_PROGRAM = "An automatic mail ({marker}) from {sender}:"
"""The first line of a note with a mail that a program wrote."""

ANSWER = """Hello,

{answer}

Did this not help? Reply to this mail, and a person reads it.

Kind regards
{site}
"""

log = logging.getLogger("tickets.inbound.receiving")

Status, Reason = InboundMail.Status, InboundMail.Reason


def receive(pk: int) -> None:
    """Decide what becomes of a waiting mail, once, in one transaction.

    After a failure it waits for the next try; ``InboundMailManager.start`` limits them.
    """
    if not InboundMail.objects.start(pk):
        return
    try:
        with transaction.atomic():
            waiting = InboundMail.objects.filter(pk=pk).waiting()
            mail = waiting.select_for_update(skip_locked=True).first()
            if mail is not None:
                _receive(mail)
    except Exception:
        log.exception("mail %s was not received", pk)


@transaction.atomic
def open_parked(pk: int, *, by: str) -> Ticket | None:
    """Open a ticket from a parked mail, for its sender. None if it cannot be read or is not
    parked."""
    parked = InboundMail.objects.filter(pk=pk).parked()
    mail = parked.select_for_update().first()
    try:
        parsed = parsing.parse(mail.content) if mail else None
    except UnreadableMail:
        return None
    return open_ticket(mail, parsed, by=by) if mail and parsed else None


def _receive(mail: InboundMail) -> None:
    try:
        parsed = parsing.parse(mail.content)
        with transaction.atomic():
            _decide(mail, parsed)
    except UnreadableMail as failure:
        mail.park(Reason.UNREADABLE, detail=str(failure))
    except PersonalData:
        mail.park(Reason.PERSONAL_DATA)


def _decide(mail: InboundMail, parsed: ParsedMail) -> None:
    if threads.is_own(parsed):
        mail.finish(Status.OWN, raw=None)
        return
    dmarc = authentication_results.dmarc_of(
        parsed.authentication_results,
        authserv_id=settings.MAIL_AUTHSERV_ID,
        sender=parsed.sender,
    )
    mail.is_verified = dmarc is Dmarc.PASS
    mail.save(update_fields=["is_verified"])
    thread = threads.find_thread(parsed)
    is_from_owner = thread is not None and _is_from_owner(thread, parsed, dmarc)
    if parsed.marker:
        _receive_automatic(mail, parsed, thread.ticket if thread else None)
    elif parsed.sender.casefold() in _own_addresses():
        mail.park(Reason.OWN_ADDRESS, is_automatic=True)
    elif thread and thread.ticket and not is_from_owner:
        first_line = FROM_OTHERS.format(sender=parsed.sender)
        _note(mail, parsed, thread.ticket, first_line)
    elif not (parsed.text or parsed.subject or parsed.files):
        mail.park(Reason.EMPTY)
    elif thread and thread.ticket:
        _join(mail, parsed, thread.ticket)
    elif thread and thread.answered and is_from_owner:
        _reopen(mail, parsed, thread.answered)
    else:
        _answer_or_open(mail, parsed, may_be_answered=dmarc is not Dmarc.FAIL)


def _is_from_owner(thread: threads.Thread, parsed: ParsedMail, dmarc: Dmarc) -> bool:
    """Whether the mail is from the person whom the thread belongs to.

    The key of the thread is a secret of that person; an address alone would prove nothing.
    """
    owner = thread.ticket or thread.answered
    assert owner
    is_same = bool(owner.email) and owner.email.casefold() == parsed.sender.casefold()
    return is_same and dmarc is not Dmarc.FAIL


def _own_addresses() -> set[str]:
    """The addresses that this site writes from, or reads."""
    senders = (settings.DEFAULT_FROM_EMAIL, settings.SUPPORT_EMAIL, settings.MAIL_REPLY_TO)
    return {address.casefold() for text in senders if (address := parseaddr(text)[1])}


# --- The mail of a person -------------------------------------------------------------------------


def _answer_or_open(mail: InboundMail, parsed: ParsedMail, *, may_be_answered: bool) -> None:
    """A mail that answers nothing of ours: an FAQ answers it, or it becomes a ticket."""
    question = letter_body(parsed.new_text) if parsed.new_text else parsed.subject
    answer = None
    if question and len(question) <= MAX_TEXT_LENGTH:
        answer = questions.ask(question, user_id=mail.sender)
    mail.ask_id = answer.ask_id if answer else None
    mail.save(update_fields=["ask_id"])
    is_answerable = answer is not None and bool(answer.text) and not parsed.files
    may_answer = settings.MAIL_ANSWERS and is_answerable and may_be_answered
    if answer and may_answer and InboundMail.objects.may_send_automatic(mail):
        _answer(mail, parsed, answer.text)
    else:
        open_ticket(mail, parsed)


def _answer(mail: InboundMail, parsed: ParsedMail, answer: str) -> None:
    """Send the FAQ's answer, as published. The mail's content is kept for a reply to it."""
    subject = redact_outbound(Channel.MAIL, f"Re: {parsed.subject or settings.SITE_NAME}")
    text = ANSWER.format(answer=answer, site=settings.SITE_NAME)
    Delivery.answer_mail(mail.pk, subject=subject, text=text)
    mail.record("answered", ask_id=str(mail.ask_id))
    mail.finish(Status.ANSWERED, automatic=timezone.now())


def open_ticket(
    mail: InboundMail, parsed: ParsedMail, *, by: str = "", earlier: InboundMail | None = None
) -> Ticket:
    """Open a ticket for the sender. ``by``: who at the desk did; empty: the sender's mail.

    ``earlier``: the sender's mail that an FAQ answered and that this one replies to.
    """
    text = "\n\n".join(filter(None, (parsed.subject, parsed.text))) or "(no text)"
    if earlier:
        text = f"{parsed.new_text}\n\n{_earlier_text(earlier)}".strip()
    source = earlier or mail
    is_confirmed = mail.is_verified and not by and not earlier
    is_confirmed = is_confirmed and InboundMail.objects.may_send_automatic(mail)
    ticket: Ticket = Ticket.objects.escalate(
        text[:MAX_TEXT_LENGTH],
        requester=mail.sender,
        by=by or mail.sender,
        ask_id=str(source.ask_id) if source.ask_id else None,
        reason=Ticket.Reason.UNHELPFUL if earlier else Ticket.Reason.REQUESTED,
        email=parsed.sender,
        channel=CHANNEL,
        is_address_verified=is_confirmed,
    )
    files, remarks = accepted_files(parsed, text if len(text) > MAX_TEXT_LENGTH else "")
    if files or remarks:
        ticket.comment(
            remarks,
            by=mail.sender,
            from_desk=False,
            files=files,
            channel=CHANNEL,
            is_mailed=False,
        )
    automatic = {"automatic": timezone.now()} if is_confirmed else {}
    mail.finish(Status.OPENED, ticket=ticket, raw=None, **automatic)
    return ticket


def _reopen(mail: InboundMail, parsed: ParsedMail, answered: InboundMail) -> None:
    """Open a ticket for a reply to an FAQ's answer. Its further mails belong to that ticket."""
    answered = InboundMail.objects.select_for_update().get(pk=answered.pk)
    if answered.ticket:
        _join(mail, parsed, answered.ticket)
        return
    answered.finish(answered.status, ticket=open_ticket(mail, parsed, earlier=answered), raw=None)


def _earlier_text(mail: InboundMail) -> str:
    """The text of a mail that an FAQ answered; empty if it is too old."""
    try:
        parsed = parsing.parse(mail.content)
    except UnreadableMail:
        return ""
    return "\n\n".join(filter(None, (parsed.subject, parsed.text)))


def _join(mail: InboundMail, parsed: ParsedMail, ticket: Ticket) -> None:
    """Add the mail to the conversation as the requester's message. A closed ticket has a new one
    instead."""
    text = parsed.new_text or parsed.subject
    comment = _comment(parsed, ticket, text, by=ticket.requester)
    if comment is None:
        open_ticket(mail, parsed)
        return
    mail.finish(Status.JOINED, ticket=ticket, comment=comment, raw=None)


# --- The mail of a program, or of somebody else ---------------------------------------------------


def _receive_automatic(mail: InboundMail, parsed: ParsedMail, ticket: Ticket | None) -> None:
    """A note on the ticket that it answers, such as an out-of-office notice; else parked."""
    if ticket is None or ticket.status == Ticket.Status.CLOSED:
        mail.park(Reason.AUTOMATIC, detail=parsed.marker, is_automatic=True)
        return
    first_line = FROM_A_PROGRAM.format(marker=parsed.marker, sender=parsed.sender)
    mail.is_automatic = True
    mail.save(update_fields=["is_automatic"])
    _note(mail, parsed, ticket, first_line)


def _note(mail: InboundMail, parsed: ParsedMail, ticket: Ticket, first_line: str) -> None:
    """An internal note: the customer does not see it, and no state changes."""
    text = "\n\n".join(filter(None, (first_line, parsed.new_text or parsed.subject)))
    comment = _comment(parsed, ticket, text, by=mail.sender, is_internal=True)
    if comment is None:
        mail.park(Reason.CLOSED)
        return
    mail.finish(Status.NOTED, ticket=ticket, comment=comment, raw=None)


def _comment(
    parsed: ParsedMail, ticket: Ticket, text: str, *, by: str, is_internal: bool = False
) -> Comment | None:
    """The comment with the mail's files; a text that is too long is one of them. None if the ticket
    is closed."""
    is_long = len(text) > MAX_TEXT_LENGTH
    files, remarks = accepted_files(parsed, text if is_long else "", ticket=ticket)
    return ticket.comment(
        "\n\n".join(filter(None, (text[:MAX_TEXT_LENGTH], remarks))),
        by=by,
        is_internal=is_internal,
        from_desk=False,
        files=files,
        channel=CHANNEL,
    )
