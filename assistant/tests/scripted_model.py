"""An OpenAI-compatible server on 127.0.0.1 that says what a test tells it to. Real HTTP."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Handler = BaseHTTPRequestHandler
Act = Callable[[Handler], None]
"""What the server does with one request."""

Script = Callable[["ModelRequest"], Act]


@dataclass(frozen=True)
class ModelRequest:
    """One request as the server saw it."""

    number: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON object the house sends as the user's message."""
        return next(json.loads(m["content"]) for m in self.body["messages"] if m["role"] == "user")

    @property
    def system(self) -> str:
        return self.body["messages"][0]["content"]

    @property
    def results(self) -> list[str]:
        """What tools returned so far."""
        return [m["content"] for m in self.body["messages"] if m["role"] == "tool"]

    @property
    def returned(self) -> list[dict[str, str]]:
        """Every FAQ shown to the model so far."""
        faqs = list(self.payload.get("faqs", []))
        for result in self.results:
            # Agno's own words about a tool that does not exist are no JSON.
            with suppress(ValueError):
                faqs += json.loads(result).get("faqs", [])
        return faqs


@dataclass
class ScriptedModel:
    """``script`` decides; ``requests`` are those that arrived."""

    url: str = ""
    script: Script = field(default=lambda request: says("NONE"))
    requests: list[ModelRequest] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client hung up while the server was still at it."""

    def play(self, *acts: Act) -> None:
        """One act a request; the last one is repeated."""
        self.requests.clear()
        self.script = lambda request: acts[min(request.number, len(acts) - 1)]


def completion(message: dict[str, Any], usage: tuple[int, int] = (100, 20)) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {
            "prompt_tokens": usage[0],
            "completion_tokens": usage[1],
            "total_tokens": sum(usage),
        },
    }


def says(text: Any, **more: Any) -> Act:
    return replies(completion({"role": "assistant", "content": text, **more}))


def calls(*calls: tuple[str, Any], text: str | None = None) -> Act:
    """Tool calls as (name, arguments); arguments that are no dict are sent as they are."""
    tool_calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": json.dumps(arguments) if isinstance(arguments, dict) else arguments,
            },
        }
        for number, (name, arguments) in enumerate(calls)
    ]
    return replies(completion({"role": "assistant", "content": text, "tool_calls": tool_calls}))


def searches(question: str, limit: int = 5) -> Act:
    return calls(("search_faq", {"question": question, "limit": limit}))


def replies(document: Any, status: int = 200) -> Act:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return sends(body, status=status)


def sends(body: bytes, status: int = 200, **headers: str) -> Act:
    def act(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def fails(status: int) -> Act:
    """With a body that must never be shown to anybody."""
    return replies({"error": {"message": "SECRET http://key:abc@provider", "code": "x"}}, status)


def hangs(handler: Handler) -> None:
    """Reads the request and says nothing, until the client goes or the test ends."""
    _wait_for_client(handler)


def drips(handler: Handler) -> None:
    """A byte of a header every 50 ms, for ever: no read ever takes long."""
    model = handler.server.model
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not model.stopping.wait(0.05):
        try:
            handler.wfile.write(b"x")
        except OSError:
            model.gone.set()
            return


def drips_body(handler: Handler) -> None:
    model = handler.server.model
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not model.stopping.wait(0.05):
        try:
            handler.wfile.write(b" ")
        except OSError:
            model.gone.set()
            return


def drops(handler: Handler) -> None:
    """Half a reply, then nothing."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "chatcmpl-1", "choices": [')
    handler.close_connection = True


def floods(handler: Handler) -> None:
    """Ten megabytes of content."""
    body = json.dumps(completion({"role": "assistant", "content": "word " * 2_000_000})).encode()
    try:
        sends(body)(handler)
    except OSError:
        handler.server.model.gone.set()


def _wait_for_client(handler: Handler) -> None:
    model = handler.server.model
    handler.connection.settimeout(0.05)
    while not model.stopping.is_set():
        try:
            if handler.connection.recv(1) == b"":
                model.gone.set()
                return
        except TimeoutError:
            continue
        except OSError:
            model.gone.set()
            return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    model: ScriptedModel

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what half of the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        model = self.server.model
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = ModelRequest(len(model.requests), body, dict(self.headers))
        model.requests.append(request)
        model.script(request)(self)


@contextmanager
def serving() -> Iterator[ScriptedModel]:
    model = ScriptedModel()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.model = model
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.stopping.set()
        server.shutdown()
        server.server_close()


def eventually(holds: Callable[[], bool], seconds: float = 3.0) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.01)
    return holds()
