"""Clients that ask without pause while something happens to the site, and never try again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from types import TracebackType

from supportsite.tests.served import Site

QUESTION = "How do I reset my password?"


class Asking:
    """``with Asking(site) as asking: ...``; afterwards what came of every request.

    Half of the clients keep their connections, the others open one for each question.
    """

    def __init__(
        self, site: Site, clients: int = 6, connect: Callable[[], HTTPConnection] | None = None
    ) -> None:
        """``connect``: where the clients connect, if not to the site itself but to its edge.

        Then 502 is a refusal too: the edge could not connect to the site.
        """
        self._connect = connect or (lambda: HTTPConnection("127.0.0.1", site.port, timeout=60))
        self._refusals = {502} if connect else set()
        self.answered: list[str] = []
        """The ask_id of each reply."""
        self.refused = 0
        """Connections not accepted: nothing was sent, so anything may be tried again."""
        self.lost: list[str] = []
        """Requests that were sent and not answered, by what was seen of them."""
        self._site = site
        self._end = threading.Event()
        self._clients = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(clients)
        ]

    def __enter__(self) -> Asking:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._end.set()
        for client in self._clients:
            client.join()

    def _ask(self, keeps: bool) -> None:
        connection = self._connect()
        while not self._end.is_set():
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError:
                self.refused += 1
                self._end.wait(0.05)
                continue
            self._send(connection)
            if not keeps:
                connection.close()
        connection.close()

    def _send(self, connection: HTTPConnection) -> None:
        headers = {
            "Authorization": f"Bearer {self._site.token}",
            "Content-Type": "application/json",
        }
        try:
            connection.request("POST", "/ask", json.dumps({"message": QUESTION}), headers)
            response = connection.getresponse()
            body = response.read()
        except (HTTPException, OSError) as failure:
            connection.close()
            self.lost.append(type(failure).__name__)
            return
        if response.status == 200:
            self.answered.append(json.loads(body)["ask_id"])
        elif response.status in self._refusals:
            self.refused += 1
        else:
            self.lost.append(f"{response.status}: {body[:200]!r}")
