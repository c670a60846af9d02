"""The recipients of mails about an event of a ticket, and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from audit.people.pseudonyms import is_pseudonym, stored_name

if TYPE_CHECKING:
    from tickets.comments import Comment
    from tickets.models import Ticket

TO_REQUESTER, TO_DESK = "the requester", "the desk"
"""Recipients besides people of the desk; names of people have no space."""

DESK_ONLY = frozenset({"assigned", "breached", "prioritised"})
"""Events without a mail to the requester."""

FALLS_BACK_TO_DESK = frozenset({"opened", "reopened", "breached"})
"""Events mailed to the desk's own address if the ticket has no assignee."""


def recipients(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str
) -> list[str]:
    """The recipients of the mails, one per address; authors do not get their own comment."""
    by_customer = comment is not None and not comment.from_desk
    people = {address_of(assignee): assignee} if assignee else {}
    people.pop("", None)
    if not people and (by_customer or (not assignee and event in FALLS_BACK_TO_DESK)):
        people[settings.SUPPORT_EMAIL] = TO_DESK
    if event not in DESK_ONLY and not by_customer:
        # Only the stored address is used, never a user id that looks like an address.
        people.setdefault(ticket.email, TO_REQUESTER)
    people.pop("", None)
    return sorted(name for name in people.values() if comment is None or name != by)


def is_reachable(name: str) -> bool:
    """True if a person of the desk has an e-mail address."""
    return bool(name) and bool(address_of(name))


def address_of(name: str) -> str:
    """The e-mail address of a person of the desk; empty if there is none.

    It is their account's address, or their username if that is an address.
    """
    users = get_user_model().objects.filter(is_active=True).only("email", "username")
    if is_pseudonym(name):
        staff = users.filter(is_staff=True)
        user = next((user for user in staff if stored_name(user.get_username()) == name), None)
    else:
        user = users.filter(username=name).first()
    address: str = (user.email or user.get_username()) if user else ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
