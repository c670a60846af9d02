"""Move the conversation of one ticket into another of the same requester."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.comments import Comment

if TYPE_CHECKING:
    from tickets.models import Ticket


def can_merge(source: Ticket, target: Ticket) -> bool:
    """Both belong to one requester, and neither is closed.

    Another requester's ticket is refused: each conversation is encrypted for one person.
    """
    is_closed = source.Status.CLOSED in (source.status, target.status)
    return source.pk != target.pk and source.requester == target.requester and not is_closed


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
