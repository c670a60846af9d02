"""Whether an FAQ answers a question. Pure: values in, a ``Decision`` out.

``decision`` has the threshold rule for one text, ``policy`` its numbers, ``matches`` the matches
and their order. ``message`` decides about a whole message, ``multiple_questions`` about its
sentences, ``second_language`` about other languages.
"""
