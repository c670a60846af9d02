"""Evaluate a release on labelled questions, and compare evaluations.

``offline``: decide about questions as /ask does. ``evaluate`` (pure): the metrics of a run;
``curves``, ``confusions`` (pure): what its pages show. ``runs``: store a run; ``changes`` (pure):
compare two. ``plot``: the curve as PNG.
"""
