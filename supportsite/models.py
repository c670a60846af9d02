"""Accounts that sign in through an identity provider."""

from __future__ import annotations

from django.conf import settings
from django.db import models


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
