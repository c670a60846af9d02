"""Transactional outbox for mail, webhooks and replies to channels.

``notifications`` creates the deliveries of an event, ``outbox`` stores them in its transaction,
``sending`` sends them with retries. ``recipients`` decides who gets a mail, ``mail`` builds it.
``webhooks`` are the programs that get events. ``channels`` are the threads, such as in a chat, that
tickets come from; another app registers them. ``receivers`` limits the deliveries to each receiver.
``http_client`` is the only HTTP client of the site.
"""
