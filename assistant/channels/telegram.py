"""Telegram: its updates, and our requests. Source: https://core.telegram.org/bots/api. Pure."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from assistant.channels.inbound import BadMessage, Inbound, Kind, Sent, is_permanent
from assistant.channels.rendering import shortened
from assistant.channels.replies import Outbound

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a name)

LABEL = 64

MAX_WAIT_SECONDS = 3_600
"""Seconds that we wait because Telegram asks for it."""

COMMAND = re.compile(r"\A/(\w+)(?:@\w+)?\s*")
MENTION = re.compile(r"@\w+[Bb]ot\b")

HELPFUL, UNHELPFUL = frozenset("👍❤🔥👏🎉💯"), frozenset("👎💩🤮")


def is_genuine(headers: Mapping[str, str], *, secrets: Iterable[str]) -> bool:
    """Whether the secret is right. Telegram signs nothing: the secret is all there is."""
    secret = headers.get(SECRET_HEADER, "").encode()
    return any(hmac.compare_digest(one.encode(), secret) for one in secrets)


def read(body: bytes) -> dict[str, Any]:
    """Raises ``BadMessage``."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessage("The body is not JSON.") from None
    if not isinstance(data, dict):
        raise BadMessage("The body is not an object.")
    return data


def parse(data: Mapping[str, Any]) -> Inbound | None:
    """None for what needs no reply, such as a picture. Raises ``BadMessage``."""
    try:
        name = f"update:{int(data['update_id'])}"
        if "message" in data:
            return _message(name, data["message"])
        if "callback_query" in data:
            return _choice(name, data["callback_query"])
        return _reaction(name, data["message_reaction"]) if "message_reaction" in data else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadMessage("A field of the update is missing.") from None


def _message(name: str, message: Mapping[str, Any]) -> Inbound | None:
    text = (message.get("text") or message.get("caption") or "").strip()
    if message["from"].get("is_bot") or not text:
        return None
    command = COMMAND.match(text)
    if command:
        text = text[command.end() :]
    is_start = command is not None and not text
    return _inbound(
        name,
        Kind.START if is_start else Kind.QUESTION,
        message,
        message["from"],
        text=" ".join(MENTION.sub("", text).split()),
    )


def _choice(name: str, query: Mapping[str, Any]) -> Inbound:
    return _inbound(name, Kind.CHOICE, query["message"], query["from"], choice=str(query["data"]))


def _reaction(name: str, reaction: Mapping[str, Any]) -> Inbound | None:
    emoji = {change.get("emoji", "")[:1] for change in reaction["new_reaction"]}
    helpful = not emoji.isdisjoint(HELPFUL)
    if "user" not in reaction or not (helpful or not emoji.isdisjoint(UNHELPFUL)):
        return None
    return Inbound(
        id=name,
        kind=Kind.RATING,
        sender=_user(reaction["user"]),
        thread="",
        helpful=helpful,
        reference=f"{reaction['chat']['id']}:{reaction['message_id']}",
    )


def _inbound(
    name: str,
    kind: Kind,
    message: Mapping[str, Any],
    sender: Mapping[str, Any],
    *,
    text: str = "",
    choice: str = "",
) -> Inbound:
    chat, topic = message["chat"]["id"], message.get("message_thread_id")
    address = {"chat_id": chat, **({"message_thread_id": topic} if topic else {})}
    return Inbound(
        id=name,
        kind=kind,
        sender=_user(sender),
        thread=f"{chat}:{topic or ''}",
        text=text,
        choice=choice,
        address=address,
    )


def _user(user: Mapping[str, Any]) -> str:
    return f"telegram:{int(user['id'])}"


def acknowledgement(data: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to an update: a request that tells Telegram that a button was handled."""
    query = data.get("callback_query")
    if not isinstance(query, dict):
        return {}
    return {"method": "answerCallbackQuery", "callback_query_id": str(query.get("id", ""))}


# --- Our requests ---------------------------------------------------------------------------------


def posts(outbound: Outbound, where: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bodies of ``sendMessage``, in order."""
    bodies: list[dict[str, Any]] = [
        {
            **where,
            "text": text,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        for text in outbound.texts
    ]
    if outbound.buttons:
        rows = [
            [{"text": shortened(label, LABEL), "callback_data": token}]
            for label, token in outbound.buttons
        ]
        bodies[-1]["reply_markup"] = {"inline_keyboard": rows}
    return bodies


def result(status: int, wait: int, body: bytes) -> Sent:
    """``wait``: the seconds of Retry-After; Telegram names them in the body."""
    try:
        reply = json.loads(body)
        if status == 200 and reply["ok"] is True:
            message = reply["result"]
            return Sent(True, "200", f"{message['chat']['id']}:{message['message_id']}")
        retry_after = int((reply.get("parameters") or {}).get("retry_after", 0))
        text = f"{status} {reply.get('description', '')}".strip()
        return Sent(
            False,
            text,
            wait=min(retry_after, MAX_WAIT_SECONDS) or wait,
            is_permanent=is_permanent(status),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Sent(False, f"{status}, and no reply of Telegram", wait=wait)
