"""Mail in: from a mailbox (IMAP) or a mail provider's webhook to a ticket or its conversation.

``fetching`` reads the mailbox (``imap``), ``inbound_mail`` stores each mail once, ``receiving``
decides what becomes of it. ``parsing`` reads a mail, ``machines`` recognises automatic ones,
``authentication_results`` says whether the sender is verified, ``threads`` finds the ticket that a
mail answers. ``questions`` is how the app assistant is asked. ``webhooks`` takes in what a provider
posts. ``admin`` shows the desk what is parked.
"""
