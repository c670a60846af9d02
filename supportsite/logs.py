"""Log lines as JSON, with the request's id and without personal data."""

from __future__ import annotations

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from audit import request_id
from audit.privacy import Channel, leaving


class Formatter(JsonFormatter):
    """One JSON object a line: time, level, logger, message, request_id and the extras given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            # Escaped, the digits of other scripts would not be seen for what they are.
            json_ensure_ascii=False,
            **options,
        )

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        # Django hands over the request object and such; they are not for a log.
        log_data.pop("request", None)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        # Before it is JSON, where a line break is a letter to whoever looks for numbers; what is no
        # text yet is looked through with the line.
        masked: dict[str, Any] = leaving(Channel.LOGS, super().process_log_record(log_data))
        return masked

    def format(self, record: logging.LogRecord) -> str:
        line: str = leaving(Channel.LOGS, super().format(record))
        # Not looked through: digits of our own, which would take long and may look like a phone.
        opening = f'{{"time": "{self.formatTime(record)}", '
        asked = request_id.current.get()
        if asked:
            opening += f'"request_id": "{asked}", '
        return opening + line[1:]
