"""What the site could not answer, and what people said of its answers.

``feedback``: whether a reply helped, by whoever asked. ``signals``: read from the audit log which
questions were not helped. ``communities`` (pure), ``regrouping``: group them by meaning into
``gaps``, one process at a time. ``related``: gaps that are close to each other.
``dry_runs``: their questions are asked again after a release. ``follow_up``: what became of a
closed gap. ``gap_pages``: the desk. ``feedback_export``: rated questions as CSV. ``api``: programs.
"""
