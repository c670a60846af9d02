"""The canonical bytes of a record, its MAC, and the hash chain.

Pure. The canonical bytes are JSON in UTF-8. The header members come first and always in the same
order, so one comparison of bytes checks them against the database's columns.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s, sha256

# The same escapes as json.dumps, faster.
from json.encoder import encode_basestring as quoted
from typing import Any

import orjson

GENESIS = sha256(b"supportsite/audit chain").digest()
"""The chain hash before the first record."""

NONCE_BYTES = 16
"""A random nonce in every record, so that nobody can guess a short text from its hash."""


@dataclass(frozen=True)
class Header:
    """The part that stays readable for ever: no texts, and pseudonyms instead of names."""

    at: str
    """UTC with microseconds, as in 2026-11-23T09:30:00.000001+00:00."""
    action: str
    outcome: str
    actor: str
    subject: str
    about: str
    request_id: str

    def header_prefix(self) -> str:
        """The beginning of the canonical text."""
        return header_prefix(
            *(self.at, self.action, self.outcome, self.actor),
            *(self.subject, self.about, self.request_id),
        )


def header_prefix(
    at: str, action: str, outcome: str, actor: str, subject: str, about: str, request_id: str
) -> str:
    return (
        f'{{"at":"{at}","action":{quoted(action)},"outcome":{quoted(outcome)},"actor":"{actor}",'
        f'"subject":"{subject}","about":{quoted(about)},"request_id":{quoted(request_id)},'
    )


_PREVIOUS = re.compile(rb'"previous":\[([\d,]+)\],')


def canonical(
    header: Header,
    *,
    nonce: bytes,
    facts: Mapping[str, Any],
    private: bytes,
    previous: Sequence[int] = (),
) -> bytes:
    """The bytes that are hashed and stored. ``private`` is ciphertext, or empty.

    ``previous`` are ids of records that the same process committed before.
    """
    body = {
        **({"previous": list(previous)} if previous else {}),
        "nonce": nonce.hex(),
        "facts": facts,
        "private": base64.b64encode(private).decode(),
    }
    text = header.header_prefix() + compact_json(body)[1:]
    # A lone surrogate has no UTF-8; written as an escape it is the same character to JSON.
    return text.encode("utf-8", "backslashreplace")


def compact_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # orjson accepts no lone surrogate and no integer over 64 bits.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Body:
    nonce: bytes
    facts: dict[str, Any]
    private: bytes


def body_of(stored: bytes) -> Body:
    parsed = json.loads(stored)
    return Body(
        bytes.fromhex(parsed["nonce"]), parsed["facts"], base64.b64decode(parsed["private"])
    )


def previous_ids(stored: bytes, start: int) -> list[int]:
    """The ``previous`` of a record. ``start``: where its header ends in the canonical bytes."""
    match = _PREVIOUS.match(stored, start)
    return [int(number) for number in match[1].split(b",")] if match else []


def link(previous: bytes, leaf: bytes) -> bytes:
    """The chain hash after a record: of the previous chain hash and the record's leaf hash."""
    return sha256(b"\2" + previous + leaf).digest()


def mac(key: bytes, leaf: bytes) -> bytes:
    """Keyed BLAKE2s (RFC 7693) of a leaf hash: only the owner of the key can write a record."""
    return blake2s(leaf, key=key).digest()
