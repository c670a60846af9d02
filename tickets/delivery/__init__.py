"""Transactional outbox for mail and webhooks.

``notifications`` creates the deliveries of an event, ``outbox`` stores them in its transaction,
``sending`` sends them with retries. ``recipients`` decides who gets a mail, ``mail`` builds it.
``webhooks`` are the programs that get events. ``receivers`` limits the deliveries to each receiver.
``http_client`` is the only HTTP client of the site.
"""
