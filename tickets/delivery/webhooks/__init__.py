"""Webhooks: programs that get a request for each event of a ticket.

``webhook`` is the table, ``signature`` signs a body, ``request`` sends one, ``retry_after`` reads
how long the receiver asks to wait. ``gone`` switches off a webhook whose receiver is no more,
``admin`` is its page at the desk, with a test.
"""
