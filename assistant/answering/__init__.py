"""A question, start to end: clean, embed, match, decide, answer, record.

``assistant`` is the use case and reads top to bottom; ``answer`` holds its input and output values,
``recording`` writes the audit record, ``conversations`` keeps earlier turns for the agent,
``event_stream`` sends the agent's steps as server-sent events.
"""
