"""Fit a policy to labelled questions, and say what to expect of it.

``calibrate`` is the entry, ``fitting`` trains, ``features`` are what a confidence rests on,
``fitted_policies`` stores the result with its release.
"""
