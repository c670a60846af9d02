"""How each FAQ does: what it is rated, who needed more, what it never answers.

``faq_asks``: a row for each ask that was near an FAQ. ``log_reading``: fills it from the audit log.
``findings`` (pure): what is wrong with an FAQ, and what to do about it. ``faq_health``: the
findings of the live release. ``duplicate_pairs`` (pure), ``release_comparison``: FAQs that are
nearly the same. ``reviews``: findings that somebody has looked at. ``weekly_mail``: to the owners.
``pages``: the desk.
"""
