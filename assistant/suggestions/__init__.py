"""What people and support have shown to be missing in the knowledge base, as proposals.

``suggestion``: a phrasing for an FAQ. ``signals``: the asks that speak for one, read from the audit
log. ``grouping``: groups them by meaning and chooses the text. ``proof``: what it would change, by
``ask_vectors``. ``pages``, ``api``: the desk and programs. ``ticket_drafts``: an FAQ from several
resolved tickets; ``ticket_grouping`` finds them, ``ticket_pages`` shows them.
"""
