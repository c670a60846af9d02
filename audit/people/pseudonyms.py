"""Who is behind a pseudonym, and the key to the texts about them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from audit import keys
from audit.people import encryption
from audit.privacy.channels import Channel
from audit.privacy.gateway import is_redacted
from audit.privacy.redaction import redact

SECONDS_A_KEY_IS_KNOWN = 10.0
"""After an erasure, running processes go on using the destroyed key for at most that long."""

MOST_KEYS_KNOWN = 10_000

INSERT_KEYS = "INSERT INTO audit_subjectkey (pseudonym, lookup, name, key, created) VALUES"


LONGEST_NAME = 200
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_PSEUDONYM = re.compile(r"\[[A-Z]+\].*-[a-p]{12}\Z")


def known_as(name: str) -> str:
    """A person's name as it is kept outside the audit trail.

    A name that holds personal data, such as an address, becomes ``[EMAIL]-`` and twelve letters:
    always the same ones, which only this site can make. All others stay as they are.
    """
    return _masked(name, settings.PHONE_REGION) if is_redacted(Channel.NAMES) else name


def is_pseudonym(name: str) -> bool:
    """Whether ``known_as`` made it; no token may name somebody like that."""
    return _PSEUDONYM.search(name) is not None


@lru_cache(maxsize=4096)
def _masked(name: str, region: str) -> str:
    shown = redact(name, region=region)
    if shown == name:
        return name
    letters = encryption.lookup(name, keys.lookup_key()).hex()[:12].translate(_LETTERS)
    # Letters, since digits could make a number of it.
    return f"{shown[: LONGEST_NAME - 13]}-{letters}"


def _lookup(name: str) -> bytes:
    """Of a name and of what it is known as alike."""
    return encryption.lookup(_masked(name, settings.PHONE_REGION), keys.lookup_key())


def _lookups(name: str) -> set[bytes]:
    # Keys made before names were masked are found by the name itself.
    return {_lookup(name), encryption.lookup(name, keys.lookup_key())}


class SubjectKeyManager(models.Manager["SubjectKey"]):
    _known: ClassVar[dict[bytes, tuple[SubjectKey, float]]] = {}

    def whose(self, name: str) -> models.QuerySet[SubjectKey]:
        """A person's keys. Two processes that meet somebody new at once make one each."""
        return self.filter(lookup__in=_lookups(name))

    def of(self, names: Iterable[str]) -> dict[str, SubjectKey]:
        """A key for each name; one that is new is not saved yet (``is_new``)."""
        wanted = {name: _lookup(name) for name in names}
        found = {}
        for lookup in wanted.values():
            key, until = self._known.get(lookup, (None, 0.0))
            if key and time.monotonic() < until:
                found[lookup] = key
        missing = [lookup for lookup in wanted.values() if lookup not in found]
        if missing:
            found |= {bytes(key.lookup): key for key in self.filter(lookup__in=missing)}
            self.remember(found.values())
        return {
            name: found[lookup] if lookup in found else SubjectKey.new(name, lookup)
            for name, lookup in wanted.items()
        }

    def kept(self, name: str) -> SubjectKey:
        """A person's key, to encrypt with what is kept elsewhere."""
        key = self.of([name])[name]
        if key.is_new:
            key.save(force_insert=True)
            self.made([key])
        return key

    def remember(self, made: Iterable[SubjectKey]) -> None:
        """Keep keys in memory, unless a rollback could still take them away."""
        if connection.in_atomic_block or not connection.get_autocommit():
            return
        if len(self._known) > MOST_KEYS_KNOWN:
            self._known.clear()
        until = time.monotonic() + SECONDS_A_KEY_IS_KNOWN
        for key in made:
            self._known[bytes(key.lookup)] = (key, until)

    def made(self, new: list[SubjectKey]) -> None:
        """They were written together with a record (``bringing``)."""
        for key in new:
            key._state.adding = False
        self.remember(new)

    def forget(self) -> None:
        self._known.clear()


class SubjectKey(models.Model):
    """One key of one person: what an erasure destroys."""

    pseudonym = models.CharField(max_length=20, primary_key=True)
    lookup = models.BinaryField(max_length=16, db_index=True)
    name = models.CharField(max_length=200, help_text="Redacted.")
    key = models.BinaryField(max_length=encryption.KEY_BYTES)
    created = models.DateTimeField(default=timezone.now)

    objects: ClassVar[SubjectKeyManager] = SubjectKeyManager()

    def __str__(self) -> str:
        return self.pseudonym

    @classmethod
    def new(cls, name: str, lookup: bytes) -> SubjectKey:
        key = encryption.new_key()
        shown = _masked(name, settings.PHONE_REGION)[:LONGEST_NAME]
        return cls(pseudonym=encryption.pseudonym_of(key), lookup=lookup, name=shown, key=key)

    def is_of(self, name: str) -> bool:
        return bytes(self.lookup) in _lookups(name)

    @property
    def is_new(self) -> bool:
        return self._state.adding

    def close(self, text: str) -> bytes:
        """``text``, for a column of its own; nobody reads it once the key is destroyed."""
        nonce = os.urandom(encryption.GCM_NONCE_BYTES)
        return nonce + encryption.close(text, bytes(self.key), nonce)

    def open(self, closed: bytes) -> str:
        """What ``close`` was given. Raises ``encryption.Unreadable``."""
        nonce, rest = closed[: encryption.GCM_NONCE_BYTES], closed[encryption.GCM_NONCE_BYTES :]
        return encryption.open_(rest, bytes(self.key), nonce)


class Pseudonym(models.ForeignKey):  # type: ignore[type-arg]
    """Points to a key that may have been destroyed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        loose = {"on_delete": models.DO_NOTHING, "db_constraint": False, "db_index": False}
        shape = {"to": "audit.SubjectKey", "null": True, "blank": True, "related_name": "+"}
        super().__init__(*args, **{**loose, **shape, **kwargs})


def bringing(new: list[SubjectKey]) -> tuple[str, list[Any]]:
    """What stands before an INSERT for it to bring people's new keys along, and its values."""
    if not new:
        return "", []
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(new))
    values = [
        value
        for person in new
        for value in (person.pk, person.lookup, person.name, person.key, person.created)
    ]
    return f"WITH brought AS ({INSERT_KEYS} {rows}) ", values
