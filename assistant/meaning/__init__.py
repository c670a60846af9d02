"""Texts that are close and mean something else. Pure: no Django, no vendor.

``wording`` compares a question with the phrasing that matched it. ``polarity``, ``negation`` and
``opposites`` recognise the opposite meaning, ``identifiers`` different numbers and codes, ``names``
different names.
"""
