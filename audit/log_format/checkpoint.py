"""Signed checkpoints of the log, in a text format that other tools can read.

Pure. A checkpoint is C2SP's tlog-checkpoint (https://c2sp.org/tlog-checkpoint): the log's name, its
size and its Merkle root, in a signed note (https://c2sp.org/signed-note) with an Ed25519 signature.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORIGIN = "supportsite/audit"
"""The log's name. Sites are distinguished by their keys."""

SIGNATURE = "\N{EM DASH} "
_ED25519 = b"\x01"


class BadNote(ValueError):
    """The text is not a note, or not signed by this key."""


@dataclass(frozen=True)
class Checkpoint:
    """The log's first ``size`` records have the Merkle root ``root`` (32 bytes)."""

    size: int
    root: bytes
    origin: str = ORIGIN

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Raises ``BadNote``. Lines beyond the third are allowed by the format, and ignored."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not _is_decimal(lines[1]):
            raise BadNote("this is not a checkpoint")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            raise BadNote("its root is not base64") from None
        if len(root) != 32:
            raise BadNote("its root is not 32 bytes long")
        return cls(size=int(lines[1]), root=root, origin=lines[0])


@dataclass(frozen=True)
class PublicKey:
    """Checks notes. Written as C2SP's verifier key: name, key id and key, joined by ``+``."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Raises ``BadNote``."""
        name, _, rest = text.strip().partition("+")
        stated_id, _, encoded = rest.partition("+")
        try:
            key_bytes = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise BadNote("this is not a verifier key") from None
        key = cls(name, key_bytes[1:])
        if key_bytes[:1] != _ED25519 or len(key.raw) != 32 or key.key_id.hex() != stated_id:
            raise BadNote("this is not a verifier key of Ed25519")
        return key

    def verified_text(self, note: str) -> str:
        """The note's text. Raises ``BadNote`` unless this key has signed it."""
        text, blank, signatures = note.rpartition("\n\n")
        if not blank or not signatures.endswith("\n"):
            raise BadNote("this is not a signed note")
        text += "\n"
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix(SIGNATURE).partition(" ")
            if not line.startswith(SIGNATURE) or name != self.name:
                continue
            if self._has_signed(text, encoded):
                return text
        raise BadNote(f"the key {self.name}+{self.key_id.hex()} has not signed it")

    def _has_signed(self, text: str, encoded: str) -> bool:
        try:
            signature = base64.b64decode(encoded, validate=True)
            if signature[:4] != self.key_id:
                return False
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature[4:], text.encode())
        except (binascii.Error, InvalidSignature):
            return False
        return True


class Signer:
    """Signs notes with a key derived from a secret text of any length."""

    def __init__(self, secret: str, name: str = ORIGIN) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(_seed(secret))
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())

    def note(self, text: str) -> str:
        """``text``, which ends with a line break, and below it the signature."""
        signed = self.public.key_id + self._key.sign(text.encode())
        return f"{text}\n{SIGNATURE}{self.name} {base64.b64encode(signed).decode()}\n"


def _seed(secret: str) -> bytes:
    return sha256(b"supportsite audit signing key\n" + secret.encode()).digest()


def notes_in(text: str) -> Iterator[str]:
    """The signed notes of a file that holds one or many, one after another."""
    lines: list[str] = []
    signed = False
    for line in text.splitlines():
        if signed and not line.startswith(SIGNATURE):
            yield "\n".join(lines) + "\n"
            lines, signed = [], False
        if line or lines:
            lines.append(line)
        signed = line.startswith(SIGNATURE)
    if signed:
        yield "\n".join(lines) + "\n"


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdecimal() and (text == "0" or not text.startswith("0"))
