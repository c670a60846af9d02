"""Fit a policy to a release and to labelled questions, and estimate its results.

``calibrate`` is the entry, ``fitting`` fits without labels, ``training`` trains the classifier,
``labelled_questions`` reads files of labels, ``features`` computes the input of the confidence,
``fitted_policies`` stores the result with its release, ``adoption`` makes a policy decide.
"""
