"""Redaction of personal data, by channel. Pure except for ``presidio``.

``gateway`` is the entry for other apps, ``redaction`` masks a text, ``patterns``, ``digit_runs``,
``id_numbers`` and ``phones`` recognise personal data.
"""
