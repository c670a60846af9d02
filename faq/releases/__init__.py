"""From drafts to a numbered, immutable release.

``drafts`` edits, ``review`` shows what a release would change, ``publishing`` makes one,
``near_duplicates`` tells an editor which FAQs are close.
"""
