"""Check that a record is in the log, with only the log's public key.

    python -m audit.proof FILE --key KEY

``FILE`` is the output of ``manage.py audit_prove``. Pure: no database, no settings, no secrets.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.log_format.checkpoint import Checkpoint, PublicKey
from audit.log_format.merkle import HashMismatch, leaf_hash, root_from_proof


def check(proof: Mapping[str, Any], key: PublicKey) -> Checkpoint:
    """The signed checkpoint that covers the record ``proof["canonical"]``.

    Raises ``checkpoint.BadNote`` or ``HashMismatch`` if the proof does not hold.
    """
    try:
        signed = Checkpoint.parse(key.verified_text(proof["checkpoint"]))
        leaf = leaf_hash(proof["canonical"].encode())
        path = [bytes.fromhex(node) for node in proof["path"]]
        root = root_from_proof(leaf, proof["sequence"], signed.size, path)
    except (LookupError, TypeError, AttributeError) as error:
        raise HashMismatch(f"this is not a proof: {error!r}") from None
    if root != signed.root:
        raise HashMismatch("the checkpoint does not cover this record")
    return signed


def main() -> None:
    parser = argparse.ArgumentParser(description="Check that a record is in the log.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="the log's public key: name+id+base64")
    options = parser.parse_args()
    try:
        proof = json.loads(options.file.read_text())
        signed = check(proof, PublicKey.parse(options.key))
    except (OSError, ValueError) as error:
        sys.exit(f"not proven: {error}")
    place = f"record {proof.get('id')} is at place {proof['sequence']}"
    sys.stdout.write(f"proven: {place} of {signed.size} of {signed.origin}\n")


if __name__ == "__main__":
    main()
