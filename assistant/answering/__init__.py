"""Answer a question, from start to end: clean, embed, match, decide, answer, record.

``assistant`` has all steps in order, ``answer`` the question and the reply as values,
``recording`` writes the audit record, ``conversations`` keeps earlier turns for the agent,
``event_stream`` sends the agent's steps as server-sent events.
"""
