"""Proposals for the knowledge base, from what people choose and what support replies.

``suggestion``: a phrasing for an FAQ. ``log_reading``: reads its asks from the audit log.
``grouping``: groups them by meaning and chooses the text. ``proof``: what it would change, by
``recent_asks`` and their ``ask_vectors``. ``rows``, ``pages``, ``api``: the desk and programs.

``faq_proposal``: an FAQ from several resolved tickets. ``ticket_texts``: question and reply of a
ticket. ``ticket_grouping`` finds them, ``faq_proposal_pages`` shows them.
"""
