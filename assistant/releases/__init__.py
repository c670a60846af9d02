"""Prepare, preview and prune releases.

``preparation`` embeds and indexes a release before it goes live, ``indexing`` completes its Chroma
collection, ``pruning`` deletes what only old releases need, ``preview`` answers from drafts, and
``preview_card`` shows that with ``gauges`` (pure) of the decision.
``near_duplicates``, ``ticket_knowledge`` and ``unreadable`` are backends of ``faq`` and
``tickets``.
"""
