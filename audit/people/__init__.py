"""Pseudonyms and per-person encryption keys (crypto-shredding).

Erasing a person destroys the key, and with it every text about them.
"""
