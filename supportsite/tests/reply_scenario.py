"""One reply of every operation of the API, from calls of its own: a day in the life of a site.

``supportsite/web/reply_examples.json`` has these replies, with long lists cut. To write it again:
``WRITE_EXAMPLES=1 python -m pytest supportsite/tests/test_openapi.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from rest_framework.test import APIClient

import supportsite.web
from assistant.learning import log_reading as gap_log
from assistant.learning import regrouping
from assistant.suggestions import grouping
from assistant.suggestions import log_reading as suggestion_log
from assistant.tests.channel_calls import make_channel, post_signed

FILE = Path(supportsite.web.__file__).with_name("reply_examples.json")

MAX_LIST_ITEMS = 2

UNCLEAR = "how do i return a parcel and get my money back"
UNHELPED = (
    "do you hold pottery classes",
    "do you offer pottery classes for beginners",
    "where can I join pottery classes",
)
FAQS_CSV = b"id,question,answer,category\nhours,When are you open?,From nine to six.,visit\n"

MESSAGES = (
    "How do I reset my password?",
    UNCLEAR,
    "How do I reset my password? And when are you open?",
    "do you sell live penguins",
    "Wie setze ich mein Passwort zurück?",
    "hello",
    "I want to talk to a person",
    "how do i resett my pasword",
)
"""Questions with all kinds of replies."""

Replies = list[tuple[str, Any]]
"""The operationId and status of each call, such as ``ask 200``, with the document or text."""


class Calls:
    """Calls the API, and keeps the reply of each operation."""

    def __init__(self, client: APIClient) -> None:
        self._client = client
        self.replies: Replies = []

    def keep(self, operation: str, reply: Any) -> Any:
        """The document or text of a reply; None without a body."""
        assert reply.status_code < 300, (operation, reply.content)
        if reply.status_code == 204:
            return None
        text = reply.getvalue().decode()
        is_json = "json" in reply["Content-Type"] and "ndjson" not in reply["Content-Type"]
        document = json.loads(text) if is_json else text
        self.replies.append((f"{operation} {reply.status_code}", document))
        return document

    def __call__(
        self, operation: str, method: str, path: str, body: Any = None, **more: Any
    ) -> Any:
        more.setdefault("format", "json")
        if method == "get":
            more = {}
        return self.keep(operation, getattr(self._client, method)(path, body, **more))


def replies(client_of: Callable[..., APIClient]) -> Replies:
    """In order, without those that have no body."""
    call = Calls(client_of("admin", "customer", subject="u1"))
    _learn(client_of)
    _ask(call)
    make_channel("webhook", "https://shop.example/replies")
    message = {"id": "m-1001", "sender": "customer-17", "thread": "chat-5", "text": MESSAGES[0]}
    call.keep("channels_receive", post_signed(message))
    _tickets(call)
    _faqs(call)
    _records(call)
    return call.replies


def _learn(client_of: Callable[..., APIClient]) -> None:
    """Three people who pick an option, and three who get no answer."""
    for user_id, question in zip(("ann", "bob", "cat"), UNHELPED, strict=True):
        client = client_of("customer", subject=user_id)
        picked = client.post("/ask", {"message": UNCLEAR}, format="json").json()["options"][0]
        body = {"message": UNCLEAR, "choice": picked["faq_id"]}
        client.post("/ask", body, format="json")
        client.post("/ask", {"message": question}, format="json")
    call_command("audit_seal", verbosity=0)
    gap_log.read_new()
    regrouping.regroup()
    suggestion_log.read_new()
    grouping.update()


def _ask(call: Calls) -> None:
    ask, *_ = [call("ask", "post", "/ask", {"message": message}) for message in MESSAGES]
    feedback = {"helpful": False, "reason": "outdated", "comment": "The link is old."}
    call("give_feedback", "post", f"/asks/{ask['ask_id']}/feedback", feedback)
    call("search", "get", "/search?q=password&limit=2")
    call("gaps_list", "get", "/gaps")
    call("suggestions_list", "get", "/suggestions")
    call("outcomes_read", "get", "/outcomes")


def _tickets(call: Calls) -> None:
    ask = call("ask", "post", "/ask", {"message": "My lamp arrived broken, what now?"})
    suggested = {"message": "How do I reset my password?", "suggest": True}
    call("tickets_create", "post", "/tickets", suggested)
    opened = {"message": "My lamp arrived broken, what now?", "ask_id": ask["ask_id"]}
    ticket = call("tickets_create", "post", "/tickets", opened)
    path = f"/tickets/{ticket['id']}"
    comment = {"text": "The number of the order is 1234."}
    call("comments_create", "post", f"{path}/comments", comment)
    file = SimpleUploadedFile("order.txt", b"1234", content_type="text/plain")
    call("attachments_create", "post", f"{path}/attachments", {"file": file}, format="multipart")
    call("comments_list", "get", f"{path}/comments")
    call("tickets_update", "patch", path, {"priority": "high"})
    for verb in ("claim", "wait", "resume", "resolve", "reopen", "resolve", "close"):
        call(f"tickets_{verb}", "post", f"{path}/{verb}")
    call("tickets_read", "get", path)
    call("tickets_list", "get", "/tickets")
    call("tickets_export", "get", "/tickets.csv")


def _faqs(call: Calls) -> None:
    draft = {"faq_id": "umbrellas", "question": "Do you lend umbrellas?", "answer": "Yes."}
    call("faqs_create", "post", "/faqs", draft)
    other = {"question": "Do you lend parasols?", "answer": "No."}
    call("faqs_replace", "put", "/faqs/parasols", other)
    call("faqs_retire", "delete", "/faqs/parasols")
    call("faqs_replace", "put", "/faqs/umbrellas", {**draft, "alternates": ["An umbrella?"]})
    call("faqs_update", "patch", "/faqs/umbrellas", {"answer": "Yes, at the desk."})
    call("faqs_read", "get", "/faqs/umbrellas")
    call("faqs_list", "get", "/faqs")
    call("faqs_export", "get", "/faqs.csv")
    call("releases_draft", "get", "/releases/draft")
    call("releases_publish", "post", "/releases", {"note": "Umbrellas"})
    call("releases_publish", "post", "/releases", {"note": "Nothing new"})
    call("releases_list", "get", "/releases")
    call("releases_read", "get", "/releases/2")
    call("releases_compare", "get", "/releases/2/diff")
    call("rollback_preview", "get", "/releases/1/rollback")
    for note in ("Umbrellas come back later", "Nothing to undo"):
        call("rollback", "post", "/releases/1/rollback", {"note": note})
    call("imports_create", "post", "/imports", {"file": _upload()}, format="multipart")
    asynchronous = {"Prefer": "respond-async"}
    job = call(
        *("imports_create", "post", "/imports", {"file": _upload()}),
        **{"format": "multipart", "headers": asynchronous},
    )
    call("jobs_read", "get", f"/jobs/{job['id']}")
    call("ingest", "post", "/ingest", {"file": _upload()}, format="multipart")


def _records(call: Calls) -> None:
    call("audit_list", "get", "/audit?action=ticket.claimed")
    call("audit_export", "get", "/audit.jsonl?action=release.published")
    call("people_erase", "delete", "/people/ann")


def _upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("hours.csv", FAQS_CSV, content_type="text/csv")


def write(replies: Replies) -> None:
    """The first of each operation and status."""
    first = {name: _cut(reply) for name, reply in reversed(replies)}
    text = json.dumps(dict(sorted(first.items())), indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n")


def _cut(value: Any) -> Any:
    """The value with the first items of its lists, and the first lines of its texts."""
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value[:MAX_LIST_ITEMS]]
    if isinstance(value, str):
        return "\n".join(value.removeprefix("\ufeff").splitlines()[:MAX_LIST_ITEMS])
    return value
