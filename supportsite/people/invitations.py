"""Invite somebody to the desk, by a mail with a link to set a password.

The link holds a token of Django's password reset: it works once, until the first sign-in, and for
``settings.PASSWORD_RESET_TIMEOUT`` seconds. It is made when it is sent and never stored.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from audit.models import record
from audit.privacy.gateway import Channel, redact_outbound
from supportsite import email_url
from supportsite.models import Identity, Invitation
from supportsite.people import roles
from tickets.delivery.mail_headers import AUTOMATIC

log = logging.getLogger("supportsite.people.invitations")


def has_mail_server() -> bool:
    """False where mails are files: then the link is handed over by hand."""
    return settings.EMAIL_BACKEND != email_url.FILES


def can_invite(user: User) -> bool:
    """Whether a link would help: not after the first sign-in, nor for the provider's people."""
    has_identity = Identity.objects.filter(user=user).exists()
    return user.is_active and user.last_login is None and not has_identity


@transaction.atomic
def invite(user: User, *, by: str) -> Invitation:
    """Invite, or invite again. The mail is queued in the same transaction.

    Raises ``ValueError`` if ``can_invite`` is false.
    """
    if not can_invite(user):
        raise ValueError(f"{user.get_username()} needs no invitation.")
    invitation, _ = Invitation.objects.update_or_create(
        user=user,
        defaults={
            "invited_by": by,
            "invited_at": timezone.now(),
            "sent_at": None,
            "failure": "",
        },
    )
    is_mailed = has_mail_server() and bool(user.email)
    record(
        "user.invited",
        actor=by,
        subject=user.get_username(),
        kind="user",
        key=user.pk,
        data={"roles": _role_names(user), "mailed": is_mailed},
    )
    if is_mailed:
        from supportsite.tasks import send_invitation

        send_invitation.defer(user_id=user.pk)
    return invitation


def link(user: User, *, site: str) -> str:
    """Where this user sets a password. Give it to nobody else: it opens the account."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return site + reverse("set-password", args=[uid, token])


def link_lifetime() -> timedelta:
    return timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def send(user_id: int) -> None:
    """Send the mail of an open invitation. Raises ``OSError`` or ``SMTPException`` to try again."""
    invitation = Invitation.objects.select_related("user").filter(user_id=user_id).first()
    if invitation is None or invitation.sent_at or not can_invite(invitation.user):
        return
    try:
        _message(invitation).send()
    except (smtplib.SMTPException, OSError) as failure:
        # A mail server's error may repeat the address.
        reason = redact_outbound(Channel.LOGS, f"{type(failure).__name__}: {failure}")[:300]
        Invitation.objects.filter(pk=invitation.pk).update(failure=reason)
        raise
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now(), failure="")


def _message(invitation: Invitation) -> EmailMessage:
    user, site = invitation.user, settings.SITE_NAME
    until = timezone.now() + link_lifetime()
    lines = (
        f"Hello {user.get_full_name() or user.get_username()},",
        "",
        f"{invitation.invited_by} invites you to the support desk of {site}.",
        f"Your role: {', '.join(_role_names(user)) or 'none yet'}.",
        "",
        f"Set your password here. The link works once, until {until:%d %b %Y, %H:%M} UTC:",
        link(user, site=settings.SITE_URL),
        "",
        f"Then sign in as {user.get_username()} here:",
        settings.SITE_URL + reverse("admin:index"),
        "",
        "Kind regards",
        site,
    )
    return EmailMessage(
        f"Your invitation to the support desk of {site}",
        "\n".join(lines) + "\n",
        to=[user.email],
        headers=dict(AUTOMATIC),
    )


def _role_names(user: User) -> list[str]:
    names = [group.name for group in roles.in_order(user.groups.all())]
    return ["administrator", *names] if user.is_superuser else names
