"""What a ticket holds encrypted: the requester's address and message, and its comments."""

from __future__ import annotations

from contextlib import suppress

from django.db import models

from audit.models import SubjectKey
from audit.people import encryption
from audit.people.pseudonyms import Pseudonym


class EncryptedForRequester(models.Model):
    """Columns that only the requester's key opens; ``audit_erase`` destroys it (crypto-shredding).

    Whoever calls a method that encrypts saves ``person`` too.
    """

    requester = models.CharField(
        max_length=200, help_text="Who waits for the answer, masked if it is personal data."
    )
    person = Pseudonym(db_column="person", help_text="Whose key opens what is encrypted.")
    address = models.BinaryField(null=True, help_text="Where news for the requester go, encrypted.")
    message = models.TextField(help_text="Masked, as REDACTION has it for tickets.")
    original = models.BinaryField(
        null=True, help_text="The message as written, encrypted; null where nothing is masked."
    )

    class Meta:
        abstract = True

    @property
    def email(self) -> str:
        """Where news for the requester go; empty for nowhere, and once that person is erased."""
        return self.decrypt(self.address)

    @property
    def full_message(self) -> str:
        """As written. Record who reads it: ``Ticket.record_view``."""
        return self.decrypt(self.original) or self.message

    def write_to(self, email: str) -> None:
        """Let news go there; to nobody, if empty."""
        self.address = self.encrypt(email)

    def encrypt(self, text: str) -> bytes | None:
        """None for an empty text."""
        if not text:
            return None
        key = self._key()
        if key is None:
            key = self.person = SubjectKey.objects.get_or_create_key(self.requester)
        return key.encrypt(text)

    def decrypt(self, encrypted: bytes | memoryview | None) -> str:
        """What ``encrypt`` was given; empty once the requester was erased."""
        key = self._key() if encrypted else None
        if key is None or encrypted is None:
            return ""
        with suppress(encryption.DecryptionError):
            return key.decrypt(bytes(encrypted))
        return ""

    def _key(self) -> SubjectKey | None:
        key: SubjectKey | None = None
        # The column may still name a key that was destroyed.
        with suppress(SubjectKey.DoesNotExist):
            key = self.person
        return key
