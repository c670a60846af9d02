"""Encrypted fields of a ticket: the customer's address and message, and its comments."""

from __future__ import annotations

from contextlib import suppress

from django.db import models

from audit.models import SubjectKey
from audit.people import encryption
from audit.people.pseudonyms import Pseudonym, stored_name


class EncryptedForRequester(models.Model):
    """Columns encrypted with the requester's key; ``audit_erase`` destroys it (crypto-shredding).

    A caller of ``encrypt`` or ``write_to`` must save ``person`` too.
    """

    requester = models.CharField(
        max_length=200,
        verbose_name="user id",
        help_text="The customer, as a pseudonym if it is personal data.",
    )
    person = Pseudonym(
        db_column="person", help_text="The owner of the key of the encrypted fields."
    )
    address = models.BinaryField(null=True, help_text="The customer's e-mail address, encrypted.")
    message = models.TextField(help_text="Masked by the setting REDACTION.")
    original = models.BinaryField(
        null=True, help_text="The message as written, encrypted; null where nothing is masked."
    )

    class Meta:
        abstract = True

    @property
    def email(self) -> str:
        """The customer's e-mail address; empty if there is none or the person was erased."""
        return self.decrypt(self.address)

    @property
    def full_message(self) -> str:
        """The message as written. Call ``Ticket.record_view`` for whoever reads it."""
        return self.decrypt(self.original) or self.message

    def write_to(self, email: str) -> None:
        """Set the customer's e-mail address; an empty one removes it. Does not save."""
        self.address = self.encrypt(email)

    def encrypt(self, text: str) -> bytes | None:
        """The text encrypted with the requester's key; None for an empty text."""
        return self._key_to_encrypt().encrypt(text) if text else None

    def encrypt_bytes(self, data: bytes) -> bytes:
        """As ``encrypt``, for a file."""
        return self._key_to_encrypt().encrypt_bytes(data)

    def decrypt_bytes(self, encrypted: bytes | memoryview) -> bytes:
        """Reverse ``encrypt_bytes``; empty if the requester was erased."""
        key = self._key()
        with suppress(encryption.DecryptionError):
            return key.decrypt_bytes(bytes(encrypted)) if key else b""
        return b""

    def decrypt(self, encrypted: bytes | memoryview | None) -> str:
        """Reverse ``encrypt``; empty if the requester was erased."""
        key = self._key() if encrypted else None
        if key is None or encrypted is None:
            return ""
        with suppress(encryption.DecryptionError):
            return key.decrypt(bytes(encrypted))
        return ""

    def is_requester(self, name: str) -> bool:
        return stored_name(name) == self.requester

    def _key_to_encrypt(self) -> SubjectKey:
        key = self._key()
        if key is None:
            key = self.person = SubjectKey.objects.get_or_create_key(self.requester)
        return key

    def _key(self) -> SubjectKey | None:
        key: SubjectKey | None = None
        # The column may still name a key that was destroyed.
        with suppress(SubjectKey.DoesNotExist):
            key = self.person
        return key
