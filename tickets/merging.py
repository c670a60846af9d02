"""Move the conversation of one ticket into another of the same requester."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.comments import Comment

if TYPE_CHECKING:
    from tickets.models import Ticket


def merge_error(source: Ticket, target: Ticket) -> str:
    """Why the two tickets cannot be merged, for the desk; empty if they can.

    Another requester's ticket is refused: each conversation is encrypted for one person.
    """
    if source.pk == target.pk:
        return "A ticket cannot be merged with itself."
    if source.requester != target.requester:
        return f"Ticket #{target.pk} is another person's. Choose a ticket of the same person."
    for ticket in (source, target):
        if ticket.merged_into_id:
            return f"Ticket #{ticket.pk} is already part of #{ticket.merged_into_id}. Use that one."
        if ticket.status == ticket.Status.CLOSED:
            return f"Ticket #{ticket.pk} is closed. Reopen it first."
    return ""


def move_conversation(source: Ticket, target: Ticket) -> None:
    """Append the source's message and comments to the target; keep their times and authors.

    Call it with both rows locked. The caller saves the target's ``person`` and ``address``.
    """
    message = Comment.objects.create(
        ticket=target,
        author=source.requester,
        text=source.message,
        original=_reencrypt(source, target, source.original),
        from_desk=False,
    )
    # auto_now_add has set the time of the merge.
    Comment.objects.filter(pk=message.pk).update(created=source.created)
    source.mails.filter(comment=None).update(comment=message)
    source.mails.update(ticket=target)
    for comment in source.comments.all():
        for attachment in comment.attachments.all():
            attachment.move(source, target)
        comment.original = _reencrypt(source, target, comment.original)
        comment.ticket = target
        comment.save(update_fields=["ticket", "original"])
    if not target.email and source.email:
        target.write_to(source.email)


def _reencrypt(
    source: Ticket, target: Ticket, encrypted: bytes | memoryview | None
) -> bytes | None:
    """One person may have two keys, if two processes created them at the same time."""
    return target.encrypt(source.decrypt(encrypted))
