"""Slack: its requests, and ours. Source: https://api.slack.com/authentication/verifying-requests
and https://api.slack.com/apis/events-api. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qs

from assistant.channels.inbound import BadMessage, Inbound, Kind, Sent
from assistant.channels.rendering import shortened
from assistant.channels.replies import Outbound

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
TOLERANCE_SECONDS = 300

LABEL = 75
"""Of a button: https://api.slack.com/reference/block-kit/block-elements#button"""

PERMANENT_ERRORS = frozenset(
    {
        *("account_inactive", "channel_not_found", "ekm_access_denied", "invalid_auth"),
        *("invalid_blocks", "is_archived", "messages_tab_disabled", "missing_scope"),
        *("msg_too_long", "no_permission", "not_authed", "not_in_channel", "restricted_action"),
        *("restricted_action_read_only_channel", "restricted_action_thread_locked"),
        *("team_access_not_granted", "token_expired", "token_revoked", "user_not_found"),
    }
)
"""Of https://api.slack.com/methods/chat.postMessage#errors those that another try meets again."""

LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")

HELPFUL = frozenset({"+1", "thumbsup", "white_check_mark", "heavy_check_mark"})
UNHELPFUL = frozenset({"-1", "thumbsdown", "x"})


def is_genuine(
    body: bytes, headers: Mapping[str, str], *, secrets: Iterable[str], now: float
) -> bool:
    """Whether the v0 signature over the raw body is valid and at most five minutes old."""
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    return any(
        hmac.compare_digest(sign(body, timestamp=timestamp, secret=secret), signature.encode())
        for secret in secrets
    )


def sign(body: bytes, *, timestamp: str, secret: str) -> bytes:
    signed = f"v0:{timestamp}:".encode() + body
    return b"v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def challenge(data: Mapping[str, Any]) -> str | None:
    """What Slack wants back when the address is entered; None in all other requests."""
    return str(data.get("challenge", "")) if data.get("type") == "url_verification" else None


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """The document of an event, or of a pressed button. Raises ``BadMessage``."""
    try:
        if content_type.partition(";")[0].strip() == "application/x-www-form-urlencoded":
            body = parse_qs(body.decode())["payload"][0].encode()
        data = json.loads(body)
    except (ValueError, KeyError, RecursionError):
        raise BadMessage("The body is neither an event nor an interaction of Slack.") from None
    if not isinstance(data, dict):
        raise BadMessage("The body is not an object.")
    return data


def parse(data: Mapping[str, Any]) -> Inbound | None:
    """None for what needs no reply, such as our own messages. Raises ``BadMessage``."""
    try:
        if data.get("type") == "block_actions":
            return _action(data)
        if data.get("type") != "event_callback":
            return None
        event = data["event"]
        if event["type"] == "reaction_added":
            return _reaction(data, event)
        return _message(data, event) if event["type"] in ("message", "app_mention") else None
    except (KeyError, TypeError, IndexError, AttributeError):
        raise BadMessage("A field of the event is missing.") from None


def _message(data: Mapping[str, Any], event: Mapping[str, Any]) -> Inbound | None:
    # Ours come back as events. Edits and deletions are no questions.
    if event.get("bot_id") or event.get("subtype") not in (None, "file_share"):
        return None
    own = [authorization.get("user_id") for authorization in data.get("authorizations") or ()]
    text = _plain(event.get("text") or "", own)
    if event["user"] in own or not text:
        return None
    channel, is_direct = event["channel"], event.get("channel_type") == "im"
    is_mention = event["type"] == "app_mention" or any(
        f"<@{user}>" in event["text"] for user in own if user
    )
    started = event.get("thread_ts") or ("" if is_direct else event["ts"])
    return Inbound(
        # A mention comes as two events, with two event_id: its time is the same.
        id=f"message:{channel}:{event['ts']}",
        kind=Kind.QUESTION,
        sender=_user(data["team_id"], event["user"]),
        thread=f"{data['team_id']}:{channel}:{started}",
        text=text,
        address=_address(channel, started),
        known_only=not (is_direct or is_mention),
    )


def _reaction(data: Mapping[str, Any], event: Mapping[str, Any]) -> Inbound | None:
    # Skin tones follow: "+1::skin-tone-3".
    name = event["reaction"].partition("::")[0]
    item = event["item"]
    if name not in HELPFUL | UNHELPFUL or item.get("type") != "message":
        return None
    return Inbound(
        id=f"event:{data['event_id']}",
        kind=Kind.RATING,
        sender=_user(data["team_id"], event["user"]),
        thread="",
        helpful=name in HELPFUL,
        reference=f"{item['channel']}:{item['ts']}",
    )


def _action(data: Mapping[str, Any]) -> Inbound:
    action, message = data["actions"][0], data["message"]
    channel, team = data["channel"]["id"], data["team"]["id"]
    is_direct = channel.startswith("D")
    started = message.get("thread_ts") or ("" if is_direct else message["ts"])
    return Inbound(
        id=f"action:{channel}:{message['ts']}:{action['action_ts']}",
        kind=Kind.CHOICE,
        sender=_user(team, data["user"]["id"]),
        thread=f"{team}:{channel}:{started}",
        choice=str(action["value"]),
        address=_address(channel, started),
        known_only=True,
    )


def _user(team: str, user: str) -> str:
    return f"slack:{team}:{user}"


def _address(channel: str, started: str) -> dict[str, Any]:
    return {"channel": channel, **({"thread_ts": started} if started else {})}


def _plain(text: str, own: Iterable[str | None]) -> str:
    """Without Slack's marks: mentions of us go, other names and links stay as words."""

    def words(match: re.Match[str]) -> str:
        target, label = match[1], match[2]
        if target.startswith("@"):
            return "" if target[1:] in own else label or ""
        return label or (target if target[0] not in "#!" else "")

    return " ".join(unescape(LINK.sub(words, text)).split())


# --- Our requests ---------------------------------------------------------------------------------


def posts(outbound: Outbound, where: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bodies of ``chat.postMessage``, in order."""
    bodies: list[dict[str, Any]] = [
        {
            **where,
            "text": text,
            "mrkdwn": not outbound.is_plain,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        for text in outbound.texts
    ]
    if outbound.buttons:
        last = bodies[-1]
        section = {"type": "section", "text": {"type": "mrkdwn", "text": last["text"]}}
        last["blocks"] = [section, {"type": "actions", "elements": _buttons(outbound)}]
    return bodies


def _buttons(outbound: Outbound) -> list[dict[str, Any]]:
    return [
        {
            "type": "button",
            "action_id": f"choice-{number}",
            "text": {"type": "plain_text", "text": shortened(label, LABEL)},
            "value": token,
        }
        for number, (label, token) in enumerate(outbound.buttons, 1)
    ]


def result(status: int, wait: int, body: bytes) -> Sent:
    """Slack answers 200 to most failures, and names them in the body.

    ``wait``: the seconds of Retry-After.
    """
    if status == 429:
        return Sent(False, "429", wait=wait)
    try:
        reply = json.loads(body)
        if status == 200 and reply["ok"] is True:
            return Sent(True, "200", reference=f"{reply['channel']}:{reply['ts']}")
        error = str(reply.get("error", ""))
        return Sent(
            False,
            f"{status} {error}".strip(),
            is_permanent=error in PERMANENT_ERRORS,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Sent(False, f"{status}, and no reply of Slack")
