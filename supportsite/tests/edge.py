"""The edge as a process: NGINX with the configuration that is shipped, and what is behind it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path

from supportsite.tests.served import REPOSITORY, free_port

SHIPPED = REPOSITORY / "deploy" / "nginx"
SECRET = "k3Vq9Xw2-ZrT7mNbP5sLdQ8yHfJ4cGaE"
START_SECONDS = 60.0


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new)


def wait_for(condition: object, what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Authority:
    """gen_cert.sh, with a CA and certificates of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certs = folder / "certs"
        self.ca = folder / "ca"

    def run(self, *arguments: str, fails: bool = False, **settings: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "CERTS": str(self.certs),
            "CA_DIR": str(self.ca),
            **settings,
        }
        ended = subprocess.run(
            ["bash", str(SHIPPED / "gen_cert.sh"), *arguments],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert bool(ended.returncode) == fails, ended.stderr + ended.stdout
        return ended.stdout + ended.stderr

    def file(self, name: str) -> Path:
        return self.certs / name


class Nginx:
    """The shipped configuration on free ports, before an upstream of the tests."""

    def __init__(
        self,
        folder: Path,
        authority: Authority,
        upstream: str,
        *,
        certificates: str = "on",
        secret: str = SECRET,
        changes: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.log = folder / "access.log"
        self._errors = folder / "error.log"
        self._process: subprocess.Popen[bytes] | None = None
        conf = folder / "conf"
        shutil.copytree(SHIPPED, conf, ignore=shutil.ignore_patterns("certs", "secret"))
        (conf / "certs").symlink_to(authority.certs)
        (conf / "secret").mkdir()
        if secret:
            (conf / "secret" / "proxy.conf").write_text(
                f'proxy_set_header X-Proxy-Secret "{secret}";\n'
            )
        if certificates:
            shutil.copy(
                conf / f"client_certificates.{certificates}.conf",
                conf / "client_certificates.conf",
            )
        (conf / "upstream.conf").write_text(f"upstream supportsite {{ server {upstream}; }}\n")
        temporary = "".join(
            f"    {kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        edits = {
            "nginx.conf": [
                ("listen 8080", f"listen 127.0.0.1:{self.plain_port}"),
                ("listen 8443", f"listen 127.0.0.1:{self.port}"),
                ("worker_processes auto", "worker_processes 1"),
                ("http {\n", "http {\n" + temporary),
            ],
            "logging.conf": [("/dev/stdout", str(self.log))],
        }
        for name, change in (changes or {}).items():
            edits.setdefault(name, []).append(change)
        for name, several in edits.items():
            text = (conf / name).read_text()
            for old, new in several:
                text = replaced(text, old, new)
            (conf / name).write_text(text)
        self._conf = conf

    def start(self) -> Nginx:
        user = "user root; " if os.geteuid() == 0 else ""
        options = f"daemon off; pid {self.folder}/nginx.pid; {user}"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                ["nginx", "-p", f"{self._conf}/", "-c", f"{self._conf}/nginx.conf", "-g", options],
                stdout=errors,
                stderr=errors,
            )
        wait_for(self._answers, "nginx does not start")
        return self

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self._errors.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def reload(self) -> None:
        """As `nginx -s reload`: new workers, and the old ones end when they have no requests."""
        before = self._workers()
        assert self._process
        self._process.send_signal(signal.SIGHUP)
        wait_for(lambda: self._workers() and not self._workers() & before, "nginx did not reload")

    def _workers(self) -> set[int]:
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    def __enter__(self) -> Nginx:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


# --- Talking to it --------------------------------------------------------------------------------


def tls(
    authority: Authority, cert: Path | None = None, key: Path | None = None, **more: object
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file("ca.crt")))
    if cert:
        context.load_cert_chain(cert, key or cert.with_suffix(".key"))
    for name, value in more.items():
        setattr(context, name, value)
    return context


def exchange(port: int, raw: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """Send bytes as they are; all that comes back until the other side has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        return (
            talk(context.wrap_socket(plain, server_hostname="localhost"), raw)
            if context
            else (talk(plain, raw))
        )


def over_socket(path: Path, raw: bytes) -> bytes:
    """As exchange, on a unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return talk(connection, raw)


def talk(connection: socket.socket, raw: bytes) -> bytes:
    data = b""
    connection.settimeout(5)
    with suppress(OSError):
        connection.sendall(raw)
        while part := connection.recv(65536):
            data += part
    with suppress(OSError):
        connection.close()
    return data


def statuses(data: bytes) -> list[int]:
    """Of all replies in what was said."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", data)]


def request(
    path: str = "/tickets",
    *headers: str,
    method: str = "GET",
    body: str = "",
    host: str = "localhost",
) -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, *length, "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


class _Read:
    """Bytes as the socket that http.client wants."""

    def __init__(self, data: bytes) -> None:
        self._said = data

    def makefile(self, *_: object) -> object:
        from io import BytesIO

        return BytesIO(self._said)


def reply(data: bytes) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the first reply."""
    response = HTTPResponse(_Read(data))  # type: ignore[arg-type]
    response.begin()
    return response.status, response.headers, response.read()


# --- What stands behind ---------------------------------------------------------------------------


class Gunicorn:
    """The site's own WSGI application and middleware in gunicorn, without any database behind.

    Enough to tell who gets in: 403 who does not, 401 who does and has no token.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.socket = folder / "web.sock"
        self.port = free_port()
        self._errors = folder / "gunicorn.log"
        self._settings = {
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
            "ENFORCE_MTLS": "true",
            "LOG_LEVEL": "ERROR",
            **settings,
        }

    def __enter__(self) -> Gunicorn:
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "--workers=1", "--threads=4"),
                    *("--worker-class=gthread", "--no-control-socket", "--log-level=warning"),
                    *(f"--bind=unix:{self.socket}", f"--bind=127.0.0.1:{self.port}"),
                    "supportsite.wsgi",
                ],
                cwd=REPOSITORY,
                env={**os.environ, **self._settings},
                stdout=errors,
                stderr=errors,
            )
        wait_for(self._answers, f"gunicorn does not start: {self._errors.read_text()}")
        return self

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._errors.read_text()
        with suppress(OSError):
            return bool(exchange(self.port, request("/healthz")))
        return False

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(40)

    def over_socket(self, raw: bytes) -> bytes:
        return over_socket(self.socket, raw)


class Mirror:
    """An upstream that answers with the head of what it got, and remembers it."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "mirror.sock"
        self.seen: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def heads(self) -> list[dict[str, list[str]]]:
        """Headers of each request that came, by their name in lower case; and forget them."""
        heads = [_headers(head) for head in self.seen]
        self.seen.clear()
        return heads

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            head, _, body = _until(connection, b"\r\n\r\n")
            self.seen.append(head)
            length = int(_headers(head).get("content-length", ["0"])[0])
            while len(body) < length:
                body += connection.recv(65536)
            if b" /ask " in head:
                self._stream(connection)
                return
            content = json.dumps({"head": head.decode("latin-1"), "body": body.decode()}).encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\n"
                b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n\r\n"
                % len(content)
                + content
            )

    @staticmethod
    def _stream(connection: socket.socket) -> None:
        """As streaming.py does it: what comes is to be passed on at once."""
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(3):
            event = b"event: step\ndata: %d\n\n" % number
            connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(0.3)
        connection.sendall(b"0\r\n\r\n")


def _until(connection: socket.socket, end: bytes) -> tuple[bytes, bytes, bytes]:
    data = b""
    while end not in data:
        part = connection.recv(65536)
        if not part:
            break
        data += part
    return data.partition(end)


def _headers(head: bytes) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers
