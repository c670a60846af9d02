"""The signed certificate that replaces pruned records.

Pure. With it the rest of the log can still be verified, and the export it names is identified by
its digest.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from audit.log_format.checkpoint import ORIGIN, BadNote, PublicKey, Signer

TITLE = f"{ORIGIN}/pruned"


@dataclass(frozen=True)
class Certificate:
    """The first ``size`` records had this root and chain, and are in the export with this digest.

    ``export`` is a SHA-256 in hexadecimal; ``erased`` are pseudonyms of erased people that later
    records name.
    """

    size: int
    root: bytes
    chain: bytes
    export: str
    erased: tuple[str, ...] = ()

    def text(self) -> str:
        hashes = (base64.b64encode(value).decode() for value in (self.root, self.chain))
        return "\n".join([TITLE, str(self.size), *hashes, self.export, *self.erased, ""])

    def signed(self, signer: Signer) -> str:
        return signer.note(self.text())

    @classmethod
    def parse(cls, note: str, key: PublicKey) -> Certificate:
        """Raises ``BadNote``."""
        try:
            title, size, root, chain, export, *erased, _ = key.verified_text(note).split("\n")
            certificate = cls(
                int(size),
                base64.b64decode(root, validate=True),
                base64.b64decode(chain, validate=True),
                export,
                tuple(erased),
            )
        except ValueError as error:
            raise BadNote(f"this is not a certificate: {error}") from None
        if title != TITLE:
            raise BadNote("this is not a certificate")
        return certificate
