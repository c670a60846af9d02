"""Accounts that sign in through an identity provider, and people who were invited."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Identity(models.Model):
    """Links a person at the provider to an account here.

    The key is ``iss`` and ``sub``, the only stable claims (OpenID Connect Core 5.7): a name or an
    address may pass to another person, or belong to a local account.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="one_account_for_one_person"
            ),
        )


class Invitation(models.Model):
    """Somebody was invited to the desk; it is open until their first sign-in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    invited_by = models.CharField(max_length=200)
    invited_at = models.DateTimeField(default=timezone.now, help_text="The last time.")
    sent_at = models.DateTimeField(null=True, help_text="When the mail server took the mail.")
    failure = models.CharField(
        max_length=300, blank=True, help_text="Why the last try to send the mail failed."
    )

    def __str__(self) -> str:
        return f"Invitation of {self.user}"

    @property
    def is_open(self) -> bool:
        return self.user.last_login is None and self.user.is_active
