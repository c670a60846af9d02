"""What of a record is hashed, how records are chained, and what a break in the chain is.

Pure. The canonical bytes are JSON in UTF-8 whose first members, the header, always come in the same
order, so that one comparison tells whether the columns beside them still say the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s, sha256

# The very escapes that json.dumps uses, without what it does around them.
from json.encoder import encode_basestring as quoted
from typing import Any

import orjson

GENESIS = sha256(b"supportsite/audit chain").digest()
"""What the first record is chained to."""

NONCE_BYTES = 16
"""In every record, so that nobody finds a short text by hashing guesses."""


@dataclass(frozen=True)
class Header:
    """What stays readable for ever: no text, and pseudonyms instead of people."""

    at: str
    """UTC with microseconds, as in 2026-11-23T09:30:00.000001+00:00."""
    action: str
    outcome: str
    actor: str
    subject: str
    about: str
    request_id: str

    def opening(self) -> str:
        """How the canonical bytes begin."""
        return opening(
            *(self.at, self.action, self.outcome, self.actor),
            *(self.subject, self.about, self.request_id),
        )


def opening(
    at: str, action: str, outcome: str, actor: str, subject: str, about: str, request_id: str
) -> str:
    return (
        f'{{"at":"{at}","action":{quoted(action)},"outcome":{quoted(outcome)},"actor":"{actor}",'
        f'"subject":"{subject}","about":{quoted(about)},"request_id":{quoted(request_id)},'
    )


def canonical(header: Header, *, nonce: bytes, facts: Mapping[str, Any], private: bytes) -> bytes:
    """The bytes that are hashed and kept. ``private`` is encrypted, or empty."""
    body = {
        "nonce": nonce.hex(),
        "facts": facts,
        "private": base64.b64encode(private).decode(),
    }
    text = header.opening() + compact(body)[1:]
    # A lone surrogate has no UTF-8; written as an escape it is the same character to JSON.
    return text.encode("utf-8", "backslashreplace")


def compact(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # It takes no lone surrogate, and no number of more than 64 bits.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Body:
    nonce: bytes
    facts: dict[str, Any]
    private: bytes


def body_of(stored: bytes) -> Body:
    read = json.loads(stored)
    return Body(bytes.fromhex(read["nonce"]), read["facts"], base64.b64decode(read["private"]))


def link(previous: bytes, leaf: bytes) -> bytes:
    """The chain's hash after a record: of the one before it and the record's leaf hash."""
    return sha256(b"\2" + previous + leaf).digest()


def mac(key: bytes, leaf: bytes) -> bytes:
    """Keyed BLAKE2s (RFC 7693) of a leaf hash: only who has the key can write a record."""
    return blake2s(leaf, key=key).digest()
