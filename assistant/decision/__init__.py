"""Whether an FAQ answers a question. Pure: values in, a ``Decision`` out.

``decision`` holds the values and the rule for one text, ``policy`` the numbers that a decision
rests on, ``message`` decides about a whole message, ``multiple_questions`` about several sentences
in one.
"""
