"""Who signs in to the desk through an identity provider."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """A person of the provider's and the account it opens.

    Found by ``iss`` and ``sub``, the only claims that stay a person's (OpenID Connect Core 5.7): a
    name or an address may be given to somebody else, or be a local account's.
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
