"""Mail in: from a mailbox (IMAP) or a mail provider's webhook to a ticket or its conversation.

``fetching`` reads the mailbox (``imap``, ``mailbox_state``), ``webhooks`` takes what a provider
posts. ``inbound_mail`` stores each mail once, ``receiving`` decides what becomes of it. ``parsing``
reads a mail, ``automatic_mail`` recognises those of programs, ``authentication_results`` says
whether the sender is verified, ``threads`` finds the ticket that a mail answers. ``questions`` asks
the app assistant for an answer. ``admin`` shows the desk what is parked.
"""
