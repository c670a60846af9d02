"""What the assistant does with a release: make it ready, try it, prune its index.

``preparation`` embeds and indexes a release before it goes live, ``preview`` answers from one that
is not live, ``near_duplicates`` and ``ticket_knowledge`` answer editors and the desk.
"""
