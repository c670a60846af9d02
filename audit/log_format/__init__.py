"""The sealed log: hash chain, Merkle tree (RFC 6962), checkpoints, verification.

Pure: no Django, no database, so that third parties can verify with this package alone.
"""
