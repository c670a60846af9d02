"""URLs in mails: validation of SITE_URL and TICKET_URL. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

NUMBER = "{id}"


def site(text: str) -> str:
    """Such as ``https://support.example.com``, without a trailing slash. Raises ``ValueError``."""
    if text and not _is_address(text):
        raise ValueError(f"an address such as https://support.example.com, not {text!r}")
    return text.rstrip("/")


def ticket(text: str) -> str:
    """Such as ``https://shop.example/support/{id}``, or empty. Raises ``ValueError``."""
    if text and not (_is_address(text) and NUMBER in text):
        raise ValueError(f"an address with {NUMBER} where the ticket's number goes, not {text!r}")
    return text


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.netloc)
