"""From a message to the texts to compare. Pure: no Django, no vendor.

``cleaning`` strips pleasantries, ``sentences`` and ``clauses`` split a message, ``intents``
recognises small talk, ``spelling`` corrects typing errors, ``language`` and ``readability`` check
that the model can read a text, ``tokens`` extracts words and numbers, ``answer_words`` searches in
answers, ``priority_terms`` looks up the desk's terms.
"""
