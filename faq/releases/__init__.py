"""From drafts to a numbered, immutable release.

``drafts`` writes drafts, ``review`` shows what a release would change, ``publishing`` creates it,
``rollback`` goes back to an earlier one. ``near_duplicates`` finds FAQs that are too close to each
other, ``unreadable`` phrasings that the model cannot read.
"""
