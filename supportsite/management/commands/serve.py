"""What `make run` runs: make everything ready, then become gunicorn."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections

from assistant import wiring
from assistant.embedding.local import LocalModel
from assistant.interfaces import Unavailable
from audit.identity.principal import Role
from faq.files.start_up import reads_file
from supportsite import companions, env_file, metrics_folder, stopping
from supportsite.auth.authentication import issue
from supportsite.secrets import keep

EXAMPLE = "How do I reset my password?"
TOKEN_HOURS = 12


class Command(BaseCommand):
    help = "Migrate, ingest FAQ_CSV, and serve with gunicorn on 127.0.0.1:PORT until Ctrl-C."

    # In `handle`, beside what has to be waited for.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopping.heed()
        self._refuse_taken_port()
        if metrics_folder.is_shared():
            metrics_folder.forget_earlier_runs()
        companions.prepare(worker=True)
        try:
            with ThreadPoolExecutor() as beside:
                is_clean = self._make_ready(beside)
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        except OperationalError as failure:
            cure = " Check DATABASE_URL." if settings.DATABASE_URL else ""
            raise CommandError(" ".join(str(failure).split()) + cure) from None
        login = self._first_admin()
        self._step("Server: loading the model")
        self._become_gunicorn(banner(login), anew=not is_clean)

    def _make_ready(self, beside: ThreadPoolExecutor) -> bool:
        """Whether nothing was done that gunicorn should not have in its memory."""
        database = beside.submit(_start_database)
        # Neither is waited for: whoever needs it next finds it begun, or fails and says so.
        beside.submit(wiring.index)
        likely = _likely_model()
        if likely:
            beside.submit(likely.load, threads=1)
        self.check()
        if names := env_file.load():
            self._step(f"Settings: {', '.join(names)} from {env_file.path()}")
        self._step(
            "Database: " + ("DATABASE_URL" if settings.DATABASE_URL else "embedded Postgres")
        )
        database.result()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        self._step("Index: Chroma " + (settings.CHROMA_URL or "on loopback"))
        wiring.index().ping()
        self._step(f"Knowledge base: {settings.FAQ_CSV}")
        ingests = reads_file(Path(settings.FAQ_CSV))
        if ingests:
            # That one is for a server; a file is embedded by all processors.
            wiring.forget_models()
        options = {"keep_edits": True, "at_start": True}
        call_command("ingest", **options, stdout=self.stdout, stderr=self.stderr)
        if ingests or (likely and wiring.embedder() is not likely):
            return False
        wiring.live().current()
        # Converting one takes the reference, which a server does not want afterwards.
        return not (
            likely and likely.backend_description.startswith("ONNX") and "torch" in sys.modules
        )

    def _step(self, text: str) -> None:
        self.stdout.write(f"→ {text}")
        self.stdout.flush()

    @staticmethod
    def _refuse_taken_port() -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", settings.PORT))
            except OSError:
                metrics_folder.leave()
                raise CommandError(
                    f"Port {settings.PORT} is taken. Choose another: "
                    f"PORT={settings.PORT + 1} make run."
                ) from None

    @staticmethod
    def _first_admin() -> str:
        """Make the first admin login if there is nobody yet; say how to sign in."""
        file = settings.STATE_DIR / "secrets" / "admin_password"
        people = get_user_model().objects
        if not people.exists():
            password = secrets.token_urlsafe(12)
            people.create_superuser("admin", password=password)
            keep(file, password)
            return f"admin / {password}"
        return f"admin, password in {file}" if file.exists() else ""

    @staticmethod
    def _become_gunicorn(text: str, *, anew: bool) -> None:
        """Take over this process, so that whoever stops it stops the server, however roughly.

        ``anew``: with nothing left of what it did before. Reading a file in takes memory and
        threads, as does converting a model, and gunicorn's workers are forks.
        """
        connections.close_all()
        sys.stdout.flush()
        os.environ["SERVE_BANNER"] = text
        config = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"
        arguments = ["-c", str(config), "supportsite.wsgi"]
        if not anew:
            from gunicorn.app import wsgiapp

            # As on a command line of its own, which it starts anew on SIGUSR2.
            sys.argv = [str(Path(sys.executable).with_name("gunicorn")), *arguments]
            wsgiapp.run()
            return
        # For gunicorn.conf.py to take: this process cannot stop what it started any more.
        stopping.hold()
        metrics_folder.leave()
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])  # noqa: S606


def _likely_model() -> LocalModel | None:
    """The one that the live release has, before the database can be asked. Not if it may have to be
    converted first: that takes long, and a thread cannot be interrupted."""
    return None if settings.EMBEDDINGS_URL else wiring.converted_model()


def _start_database() -> None:
    """The embedded server is started by whoever connects first."""
    try:
        connection.ensure_connection()
    finally:
        # It is this thread's.
        connection.close()


def banner(login: str) -> str:
    """What a newcomer needs: the address, a login, and a question to paste."""
    address = f"http://127.0.0.1:{settings.PORT}"
    header, good_for = '"Authorization: Bearer $TOKEN"', "with your identity provider's token"
    if settings.JWT_SECRET:
        token = issue("u1", [Role.CUSTOMER.value], seconds=TOKEN_HOURS * 3600)
        header = f"'Authorization: Bearer {token}'"
        good_for = f"the token is good for {TOKEN_HOURS} hours"
    body = json.dumps({"user_id": "u1", "message": EXAMPLE})
    lines = [
        "",
        f"supportsite answers at {address}",
        f"  desk   {address}/admin/" + (f"   login: {login}" if login else ""),
        f"  ask    ({good_for})",
        "",
        f"curl -s {address}/ask -H 'Content-Type: application/json' \\",
        f"  -H {header} \\",
        f"  -d '{body}'",
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(lines)
