"""Requests of Slack and Telegram in their true shape, with the fields that they send.

Shapes: https://api.slack.com/apis/events-api, https://api.slack.com/reference/interaction-payloads
and https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from typing import Any

TEAM, USER, BOT, DIRECT, ROOM = "T061EG9R6", "U2147483697", "U0LAN0Z89", "D024BE91L", "C0LAN2Q65"


def slack_event(event: dict[str, Any], event_id: str = "Ev08MFMKH6") -> dict[str, Any]:
    return {
        "token": "XXYYZZ",
        "team_id": TEAM,
        "api_app_id": "A0FFV41KK",
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1764480000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-eyJldCI6Im1lc3NhZ2UifQ",
    }


def slack_direct(text: str, ts: str = "1764480000.000100", user: str = USER) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": DIRECT,
        "user": user,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "channel_type": "im",
        "client_msg_id": "4c4a6bd2-2bd2-4c1a-9b4a-3f6f9e2b1c11",
        "team": TEAM,
        "blocks": [{"type": "rich_text", "block_id": "ab1", "elements": []}],
    }


def slack_mention(text: str, ts: str, **more: str) -> dict[str, Any]:
    return {
        "type": "app_mention",
        "user": USER,
        "text": f"<@{BOT}> {text}",
        "ts": ts,
        "channel": ROOM,
        "event_ts": ts,
        "team": TEAM,
        **more,
    }


def slack_in_room(text: str, ts: str, **more: str) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": ROOM,
        "user": USER,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "channel_type": "channel",
        **more,
    }


def slack_reaction(name: str, channel: str, ts: str, user: str = USER) -> dict[str, Any]:
    return {
        "type": "reaction_added",
        "user": user,
        "reaction": name,
        "item_user": BOT,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "event_ts": "1764480100.000200",
    }


def slack_press(
    value: str, channel: str, ts: str, user: str = USER, thread_ts: str = ""
) -> dict[str, Any]:
    """The ``payload`` of a pressed button."""
    message = {"type": "message", "user": BOT, "ts": ts, "text": "Which of these do you mean?"}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "jo", "name": "jo", "team_id": TEAM},
        "api_app_id": "A0FFV41KK",
        "token": "XXYYZZ",
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "team": {"id": TEAM, "domain": "shop"},
        "channel": {"id": channel, "name": "directmessage"},
        "message": {**message, **({"thread_ts": thread_ts} if thread_ts else {})},
        "response_url": "https://hooks.slack.com/actions/T061EG9R6/1/a",
        "actions": [
            {
                "action_id": "choice-1",
                "block_id": "b1",
                "text": {"type": "plain_text", "text": "How do I return it?", "emoji": True},
                "value": value,
                "type": "button",
                "action_ts": "1764480050.000100",
            }
        ],
    }


JO = {"id": 41, "is_bot": False, "first_name": "Jo", "language_code": "en"}
CHAT = {"id": 41, "first_name": "Jo", "type": "private"}


def telegram_message(text: str, /, update: int = 10_001, **more: Any) -> dict[str, Any]:
    message = {"message_id": 7, "from": JO, "chat": CHAT, "date": 1764480000, "text": text}
    return {"update_id": update, "message": {**message, **more}}


def telegram_press(data: str, update: int = 10_002) -> dict[str, Any]:
    return {
        "update_id": update,
        "callback_query": {
            "id": "4382bfdwdsb323b2d9",
            "from": JO,
            "message": {
                "message_id": 8,
                "from": {"id": 99, "is_bot": True, "first_name": "Shop", "username": "shop_bot"},
                "chat": CHAT,
                "date": 1764480001,
                "text": "Which of these do you mean?",
            },
            "chat_instance": "-123",
            "data": data,
        },
    }


def telegram_reaction(emoji: str, message_id: int, update: int = 10_003) -> dict[str, Any]:
    return {
        "update_id": update,
        "message_reaction": {
            "chat": CHAT,
            "message_id": message_id,
            "user": JO,
            "date": 1764480009,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        },
    }
