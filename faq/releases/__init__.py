"""From drafts to a numbered, immutable release.

``drafts`` writes drafts, ``review`` shows what a release would change, ``publishing`` creates it,
``near_duplicates`` finds FAQs that are too close to each other.
"""
