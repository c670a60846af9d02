"""From a message to the texts that are compared. Pure: no Django, no vendor.

``cleaning`` strips pleasantries, ``sentences`` and ``clauses`` split a message, ``intents`` knows
small talk, ``spelling`` corrects typing errors, ``language`` and ``readability`` tell whether the
model can read a text, ``tokens`` counts words.
"""
