"""From a message to the texts that are compared. Pure: no Django, no vendor.

``questions`` strips pleasantries and splits a message into its questions, ``spelling`` corrects
typing errors, ``language`` tells whether the model can read a text, ``tokens`` counts words.
"""
