"""What people and support have shown to be missing in the knowledge base, as proposals.

``suggestion``: a phrasing for an FAQ. ``signals``: the asks that speak for one, read from the audit
log. ``grouping``: groups them by meaning and chooses the text. ``proof``: what it would change, by
``recent_asks`` and their ``ask_vectors``. ``rows``, ``pages``, ``api``: the desk and programs.

``faq_proposal``: an FAQ from several resolved tickets. ``ticket_texts``: what a ticket says.
``ticket_grouping`` finds them, ``faq_proposal_pages`` shows them.
"""
