"""Proposals for the knowledge base, from what people choose and what support replies.

``suggestion``: a phrasing for an FAQ. ``log_reading``: reads its asks from the audit log.
``grouping``: groups them by meaning and chooses the text. ``proof``: the decisions it would change,
from ``added_phrasing``, ``decisions``, and ``recent_asks`` with their ``ask_vectors``. ``rows``,
``pages``, ``api``: the desk and programs.

``faq_proposal``: an FAQ from several resolved tickets; ``from_tickets``: finds and shows them.
"""
