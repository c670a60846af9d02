"""What the site could not answer, and what people said of its answers.

``feedback``: whether a reply helped, by whoever asked. ``signals``: read from the audit log which
questions were not helped. ``communities`` (pure), ``regrouping``: group them by meaning into
``gaps``. ``gap_pages``: the desk. ``api``: programs.
"""
