"""Pseudonyms and per-person encryption keys (crypto-shredding)."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hmac import compare_digest
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from audit import keys
from audit.people import encryption
from audit.privacy.channels import Channel
from audit.privacy.gateway import is_redacted
from audit.privacy.redaction import redact

KEY_CACHE_SECONDS = 10.0
"""How long a running process may go on using a key after its erasure, at most."""

MAX_CACHED_KEYS = 10_000

INSERT_STATEMENT = (
    "INSERT INTO audit_subjectkey (pseudonym, lookup, name, key, mac, created) VALUES"
)

MAX_NAME_LENGTH = 200
# Hexadecimal digits as letters, since digits could look like a number.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_PSEUDONYM = re.compile(r"\[[A-Z]+\].*-[a-p]{12}\Z")

log = logging.getLogger("audit.people.pseudonyms")


def stored_name(name: str) -> str:
    """A person's name as the tables outside the audit trail store it.

    A name that holds personal data, such as an address, becomes ``[EMAIL]-`` and twelve letters: a
    keyed hash of the name. All others stay as they are.
    """
    return _masked(name, settings.PHONE_REGION) if is_redacted(Channel.NAMES) else name


def is_pseudonym(name: str) -> bool:
    """Whether ``name`` is a masked one of ``stored_name``; no token may have it as its subject."""
    return _PSEUDONYM.search(name) is not None


@lru_cache(maxsize=4096)
def _masked(name: str, region: str) -> str:
    masked = redact(name, region=region)
    if masked == name:
        return name
    letters = encryption.keyed_hash(name, keys.lookup_key()).hex()[:12].translate(_LETTERS)
    return f"{masked[: MAX_NAME_LENGTH - 13]}-{letters}"


def _name_hash(name: str) -> bytes:
    """The same for a name and for its ``stored_name``."""
    return encryption.keyed_hash(_masked(name, settings.PHONE_REGION), keys.lookup_key())


def _name_hashes(name: str) -> set[bytes]:
    # Keys from before names were masked are stored under the hash of the name itself.
    return {_name_hash(name), encryption.keyed_hash(name, keys.lookup_key())}


class SubjectKeyManager(models.Manager["SubjectKey"]):
    _cache: ClassVar[dict[bytes, tuple[SubjectKey, float]]] = {}

    def for_person(self, name: str) -> models.QuerySet[SubjectKey]:
        """A person's keys: several if processes created one at the same time."""
        return self.filter(lookup__in=_name_hashes(name))

    def get_many(self, names: Iterable[str]) -> dict[str, SubjectKey]:
        """A key for every name; keys of new people are not saved yet (``is_new``)."""
        hashes = {name: _name_hash(name) for name in names}
        people = {}
        for lookup in hashes.values():
            key, until = self._cache.get(lookup, (None, 0.0))
            if key and time.monotonic() < until:
                people[lookup] = key
        missing = [lookup for lookup in hashes.values() if lookup not in people]
        if missing:
            people |= {bytes(key.lookup): key for key in self._intact(missing)}
            self.cache(people.values())
        return {
            name: people[lookup] if lookup in people else SubjectKey.new(name, lookup)
            for name, lookup in hashes.items()
        }

    def _intact(self, hashes: list[bytes]) -> Iterator[SubjectKey]:
        """The keys as this site wrote them. Whoever has none of these gets a new one."""
        for key in self.filter(lookup__in=hashes):
            if key.is_intact:
                yield key
            else:
                log.error("%s was changed in the database; run manage.py audit_verify", key)

    def changed_outside(self) -> list[str]:
        """Pseudonyms whose name, lookup or key is not as this site wrote it."""
        secret = keys.mac_key()
        rows = self.order_by("pseudonym").values_list("pseudonym", "lookup", "name", "key", "mac")
        return [
            pseudonym
            for pseudonym, lookup, name, key, mac in rows.iterator()
            if encryption.row_mac(secret, pseudonym, bytes(lookup), name, bytes(key)) != bytes(mac)
        ]

    def get_or_create_key(self, name: str) -> SubjectKey:
        """A person's key, to encrypt texts in other tables."""
        key = self.get_many([name])[name]
        if key.is_new:
            key.save(force_insert=True)
            self.mark_saved([key])
        return key

    def cache(self, people: Iterable[SubjectKey]) -> None:
        """Cache keys for ``KEY_CACHE_SECONDS``, unless an open transaction may still roll back."""
        if connection.in_atomic_block or not connection.get_autocommit():
            return
        if len(self._cache) > MAX_CACHED_KEYS:
            self._cache.clear()
        until = time.monotonic() + KEY_CACHE_SECONDS
        for key in people:
            self._cache[bytes(key.lookup)] = (key, until)

    def mark_saved(self, new: list[SubjectKey]) -> None:
        """For keys that were inserted together with a record (``insert_keys_sql``)."""
        for key in new:
            key._state.adding = False
        self.cache(new)

    def clear_cache(self) -> None:
        self._cache.clear()


class SubjectKey(models.Model):
    """One key of one person. Erasing the person deletes it."""

    pseudonym = models.CharField(max_length=20, primary_key=True)
    lookup = models.BinaryField(max_length=16, db_index=True)
    name = models.CharField(max_length=200, help_text="Redacted.")
    key = models.BinaryField(max_length=encryption.KEY_BYTES)
    mac = models.BinaryField(
        max_length=32, help_text="Binds name, lookup and key to the pseudonym."
    )
    created = models.DateTimeField(default=timezone.now)

    objects: ClassVar[SubjectKeyManager] = SubjectKeyManager()

    def __str__(self) -> str:
        return self.pseudonym

    @classmethod
    def new(cls, name: str, lookup: bytes) -> SubjectKey:
        key = encryption.new_key()
        masked = _masked(name, settings.PHONE_REGION)[:MAX_NAME_LENGTH]
        key_row = cls(pseudonym=encryption.pseudonym_of(key), lookup=lookup, name=masked, key=key)
        key_row.mac = key_row.expected_mac()
        return key_row

    def expected_mac(self) -> bytes:
        return encryption.row_mac(
            keys.mac_key(), self.pseudonym, bytes(self.lookup), self.name, bytes(self.key)
        )

    @property
    def is_intact(self) -> bool:
        """Whether the row is as this site wrote it, and not renamed or swapped with another."""
        return compare_digest(self.expected_mac(), bytes(self.mac))

    def is_of(self, name: str) -> bool:
        return bytes(self.lookup) in _name_hashes(name)

    @property
    def is_new(self) -> bool:
        return self._state.adding

    def encrypt(self, text: str) -> bytes:
        """Nonce and ciphertext, for a column of another table; unreadable once the key is gone."""
        return self.encrypt_bytes(text.encode("utf-8", "backslashreplace"))

    def decrypt(self, ciphertext: bytes) -> str:
        """The text of ``encrypt``. Raises ``encryption.DecryptionError``."""
        return self.decrypt_bytes(ciphertext).decode()

    def encrypt_bytes(self, data: bytes) -> bytes:
        """As ``encrypt``, for a file."""
        nonce = os.urandom(encryption.GCM_NONCE_BYTES)
        return nonce + encryption.encrypt_bytes(data, bytes(self.key), nonce)

    def decrypt_bytes(self, ciphertext: bytes) -> bytes:
        """The data of ``encrypt_bytes``. Raises ``encryption.DecryptionError``."""
        return encryption.decrypt_stored(ciphertext, bytes(self.key))


class Pseudonym(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key to a ``SubjectKey`` that may have been deleted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        no_constraint = {"on_delete": models.DO_NOTHING, "db_constraint": False, "db_index": False}
        target = {"to": "audit.SubjectKey", "null": True, "blank": True, "related_name": "+"}
        super().__init__(*args, **{**no_constraint, **target, **kwargs})


def insert_keys_sql(new: list[SubjectKey]) -> tuple[str, list[Any]]:
    """A WITH clause that inserts new keys in the same statement as a record, and its parameters.

    Two empty values if there are no new keys.
    """
    if not new:
        return "", []
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(new))
    values = [
        value
        for person in new
        for value in (
            *(person.pk, person.lookup, person.name),
            *(person.key, person.mac, person.created),
        )
    ]
    return f"WITH new_keys AS ({INSERT_STATEMENT} {rows}) ", values
