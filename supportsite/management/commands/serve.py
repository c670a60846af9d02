"""Migrate, ingest FAQ_CSV, and serve with gunicorn until Ctrl-C: what `make run` runs."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from gunicorn.app.base import Application

from assistant import embedders, wiring
from assistant.embedding.local import LocalModel
from assistant.interfaces import Unavailable
from audit.identity.principal import Role
from faq.files.start_up import reads_file
from faq.models import Release
from supportsite import env_file
from supportsite.auth.authentication import issue
from supportsite.secrets import write_private
from supportsite.serving import preflight
from supportsite.serving.index_watchdog import IndexWatchdog
from supportsite.serving.supervisor import SupervisedProcess

TOKEN_HOURS = 12
MANAGE = str(settings.BASE_DIR / "manage.py")
GUNICORN_CONFIG = str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")


class Command(BaseCommand):
    help = "Migrate, ingest FAQ_CSV, and serve with gunicorn on 127.0.0.1:PORT until Ctrl-C."
    # Run by handle(), while the servers start: they load all pages, which takes as long.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        ends_with_terminal = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        _exit_on_signals()
        _require_free_port()
        preflight.reset_metrics()
        try:
            self._prepare()
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        except OperationalError as failure:
            cure = " Check DATABASE_URL." if settings.DATABASE_URL else ""
            raise CommandError(" ".join(str(failure).split()) + cure) from None
        login = _first_admin()
        self._step("Server: loading the model")
        Gunicorn(banner(login), ends_with_terminal=ends_with_terminal).run()

    def _prepare(self) -> None:
        if names := env_file.load():
            self._step(f"Settings: {', '.join(names)} from {env_file.path()}")
        self._step(
            "Database: " + ("DATABASE_URL" if settings.DATABASE_URL else "embedded Postgres")
        )
        self._step("Index: Chroma " + (settings.CHROMA_URL or "on loopback"))
        with ThreadPoolExecutor(2) as pool:
            database, index = pool.submit(_start_postgres), pool.submit(wiring.index)
            self.check()
            database.result()
            call_command("migrate", verbosity=0, interactive=False)
            index.result().ping()
        had_release = Release.objects.live() is not None
        self._step(f"Knowledge base: {settings.FAQ_CSV}")
        self._ingest()
        if had_release and wiring.chroma_server().started_empty:
            self._rebuild_index()
        self._convert_model()

    def _rebuild_index(self) -> None:
        """Rebuild an index whose files were lost or damaged. FAQs are answered without it too."""
        self._step("Index: rebuilding it from the database")
        if subprocess.run([sys.executable, MANAGE, "reindex"], check=False).returncode:  # noqa: S603
            self.stderr.write("The index could not be rebuilt. Run manage.py reindex later.")

    def _ingest(self) -> None:
        if reads_file(Path(settings.FAQ_CSV)):
            _run("ingest", "--keep-edits", "--at-start")
        else:
            options = {"keep_edits": True, "at_start": True}
            call_command("ingest", **options, stdout=self.stdout, stderr=self.stderr)

    def _convert_model(self) -> None:
        """Convert the model in a process of its own, because the conversion imports torch."""
        model = embedders.embedder()
        if isinstance(model, LocalModel) and model.needs_conversion:
            _run("prepare_model", "--live")

    def _step(self, text: str) -> None:
        self.stdout.write(f"→ {text}")
        self.stdout.flush()


class Gunicorn(Application):  # type: ignore[misc]
    """gunicorn with deploy/gunicorn.conf.py, and one background process beside its workers.

    The background process is ``manage.py worker``: it sends mails and webhooks, and seals the audit
    trail.
    """

    def __init__(self, banner: str, *, ends_with_terminal: bool) -> None:
        self._banner = banner
        self._ends_with_terminal = ends_with_terminal
        worker = [sys.executable, MANAGE, "worker", f"--until-orphaned={os.getpid()}"]
        # On the same processors as the web workers: people who wait for an answer come first.
        self._background = SupervisedProcess("worker", ["nice", "-n", "5", *worker])
        self._watchdog = IndexWatchdog(
            lambda: bool(settings.CHROMA_URL) or wiring.chroma_server().is_running,
            [sys.executable, MANAGE, "reindex"],
        )
        super().__init__()

    def load_config(self) -> None:
        self.load_config_from_file(GUNICORN_CONFIG)
        self.cfg.set("when_ready", self._when_ready)
        self.cfg.set("on_exit", self._on_exit)

    def load(self) -> Any:
        from supportsite.wsgi import application

        return application

    def _when_ready(self, server: Any) -> None:
        self._background.start()
        self._watchdog.start()
        if self._ends_with_terminal:
            # For gunicorn the signal means reload.
            signal.signal(signal.SIGHUP, lambda *_: server.signal(signal.SIGTERM, None))
        sys.stdout.write(f"{self._banner}\n")
        sys.stdout.flush()

    def _on_exit(self, server: Any) -> None:
        self._watchdog.stop()
        self._background.stop()
        preflight.remove_metrics()


def _start_postgres() -> None:
    """Start the embedded server, or see that DATABASE_URL answers. Raises ``OperationalError``."""
    connection.ensure_connection()
    # It belongs to this thread.
    connection.close()


def _run(*command: str) -> None:
    """Run ``manage.py`` with these arguments in a process of its own.

    For work with threads and memory that must not be in this process, because gunicorn's workers
    are forks of it. Raises SystemExit with its exit code if it fails; it prints its own message.
    """
    if code := subprocess.run([sys.executable, MANAGE, *command], check=False).returncode:  # noqa: S603
        sys.exit(code)


def _exit_on_signals() -> None:
    """While the site starts, turn signals into SystemExit, so that started servers stop too.

    gunicorn installs its own handlers when it serves.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup starts a process that ignores SIGHUP.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def _require_free_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.PORT))
        except OSError:
            raise CommandError(
                f"Port {settings.PORT} is in use. Try another: PORT={settings.PORT + 1} make run."
            ) from None


def _first_admin() -> str:
    """Create the first admin if there is no user yet; return how to sign in."""
    file = settings.STATE_DIR / "secrets" / "admin_password"
    users = get_user_model().objects
    if not users.exists():
        password = secrets.token_urlsafe(12)
        users.create_superuser("admin", password=password)
        write_private(file, password)
        return f"admin / {password}"
    return f"admin, password in {file}" if file.exists() else ""


def _example_question() -> str:
    """The first question of the live release that everybody may see."""
    live = Release.objects.live()
    example = live.revisions.filter(audience="").first() if live else None
    return example.question if example else "How do I reset my password?"


def banner(login: str) -> str:
    """What a new user needs: the address, a login, and a command that asks a question."""
    address = f"http://127.0.0.1:{settings.PORT}"
    header, note = '"Authorization: Bearer $TOKEN"', "with your identity provider's token"
    if settings.JWT_SECRET:
        token = issue("u1", [Role.CUSTOMER.value], seconds=TOKEN_HOURS * 3600)
        header = f"'Authorization: Bearer {token}'"
        note = f"the token is good for {TOKEN_HOURS} hours"
    body = json.dumps({"user_id": "u1", "message": _example_question()}, ensure_ascii=False)
    lines = [
        "",
        f"supportsite answers at {address}",
        f"  desk   {address}/admin/" + (f"   login: {login}" if login else ""),
        *([f"  help   {address}/help/"] if settings.HELP_PAGE else []),
        f"  ask    ({note})",
        "",
        f"curl -s {address}/ask -H 'Content-Type: application/json' \\",
        f"  -H {header} \\",
        f"  -d {shlex.quote(body)}",
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(lines)
