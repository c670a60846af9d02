"""What stays of pruned records: a signed statement of what they were.

Pure. With it the log goes on to be verified, and the export it names can be told from any other.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from audit.log_format.checkpoint import ORIGIN, BadNote, PublicKey, Signer

TITLE = f"{ORIGIN}/pruned"


@dataclass(frozen=True)
class Certificate:
    """The first ``size`` records had this root and chain, and are in the export with that digest
    (SHA-256, hexadecimal). ``erased``: pseudonyms of erased people that later records name."""

    size: int
    root: bytes
    chain: bytes
    export: str
    erased: tuple[str, ...] = ()

    def text(self) -> str:
        hashes = (base64.b64encode(each).decode() for each in (self.root, self.chain))
        return "\n".join([TITLE, str(self.size), *hashes, self.export, *self.erased, ""])

    def signed(self, signer: Signer) -> str:
        return signer.note(self.text())

    @classmethod
    def opened(cls, note: str, key: PublicKey) -> Certificate:
        """Raises ``BadNote``."""
        try:
            title, size, root, chained, export, *erased, _ = key.opened(note).split("\n")
            read = cls(
                int(size),
                base64.b64decode(root, validate=True),
                base64.b64decode(chained, validate=True),
                export,
                tuple(erased),
            )
        except ValueError as wrong:
            raise BadNote(f"this is not a certificate: {wrong}") from None
        if title != TITLE:
            raise BadNote("this is not a certificate")
        return read
