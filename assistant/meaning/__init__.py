"""Texts that are close and mean something else. Pure: no Django, no vendor.

``wording`` compares a question with the phrasing that matched it: ``polarity`` and ``opposites``
find what is negated, ``identifiers`` other numbers and codes, ``names`` other names.
"""
