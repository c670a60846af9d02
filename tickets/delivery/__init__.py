"""Transactional outbox for mail and webhooks.

``outbox`` stores messages in the transaction of their cause, ``sending`` delivers them with
retries, ``receivers`` limits what one receiver takes (``circuit_breaker``), ``mail`` and
``webhook_signature`` build them; ``http_client`` is the one HTTP client.
"""
