"""What a visitor does on the help page, without scripts."""

from __future__ import annotations

from urllib.parse import urlencode

from django.test import Client

from audit.models import Record

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
CLEAR = "How do I reset my password?"
UNCLEAR = "how do i return a parcel and get my money back"
UNKNOWN = "Do you sell live penguins?"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def post(client: Client, path: str, fields, headers, **options):
    """As a browser does."""
    form = urlencode(fields)
    kind = "application/x-www-form-urlencoded"
    return client.post(f"/help/{path}", form, content_type=kind, headers=headers, **options)


def send(client: Client, path: str, **fields):
    headers = {**OWN_PAGE, **fields.pop("headers", {})}
    return post(client, path, fields, headers, follow=True)


def page(client: Client, path: str = "", **query) -> str:
    response = client.get(f"/help/{path}", query)
    assert response.status_code == 200
    return response.content.decode()


def last_ask() -> Record:
    return Record.objects.filter(action="question.asked").latest("id")


def ask_id() -> str:
    return last_ask().about.partition(":")[2]


def contact(client: Client, **fields):
    typed = {"name": "Ada", "email": "ada@shop.example", "message": "The lamp is broken.", **fields}
    return send(client, "contact/", **typed)
