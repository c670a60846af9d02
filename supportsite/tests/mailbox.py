"""A real mail server that keeps what it is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from supportsite.tests.served import free_port

SECONDS = 60


class Mailbox:
    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.url = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, address: str, text: str) -> str:
        """The text of the first mail to this address that holds ``text``."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for message in list(self.messages):
                body = str(message.get_content())
                if message["To"] == address and text in body:
                    return body
            time.sleep(0.1)
        raise AssertionError(f"no mail to {address} with {text!r}")


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        mailbox.url = f"smtp://127.0.0.1:{controller.port}"
        yield mailbox
    finally:
        controller.stop()
