"""The Django database backend on the embedded server.

    DATABASES = {
        "default": {
            "ENGINE": "supportsite.embedded_postgres",
            "NAME": "supportsite",
            "EMBEDDED": {"STATE_DIR": BASE_DIR / "var"},
        }
    }

The server is started at the first connection, and the database ``NAME`` is created if it is
missing. Loading settings, or importing this module, starts nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.backends.postgresql import client

from supportsite.postgres import base

from .cluster import programs
from .server import EmbeddedPostgresError, ensure_database, ensure_running


class DatabaseClient(client.DatabaseClient):
    """``manage.py dbshell``, with the psql that comes with the server."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        server = ensure_running(_state_dir(settings_dict))
        address = {"HOST": server.host, "PORT": server.port, "USER": server.user}
        settings = {**settings_dict, **address}
        (_, *arguments), environment = super().settings_to_cmd_args_env(settings, parameters)
        return [str(programs() / "psql"), *arguments], environment


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server.

    Raises django.db.OperationalError, one line with what to do, if the server cannot be started.
    """

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        with _as_operational_error():
            server = ensure_running(_state_dir(self.settings_dict))
        address = {"host": server.host, "port": server.port, "user": server.user}
        return {**super().get_connection_params(), **address}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            # It runs, and hangs.
            raise
        except psycopg.OperationalError:
            # The server was killed, or the database does not exist yet: start or create it.
            self._recover()
        return super().get_new_connection(conn_params)

    def _recover(self) -> None:
        state_dir, name = _state_dir(self.settings_dict), self.settings_dict["NAME"]
        with _as_operational_error():
            ensure_running(state_dir, recheck=True)
            # Django connects without a NAME to create and drop databases itself.
            if name:
                ensure_database(state_dir, name)


def _state_dir(settings: dict[str, Any]) -> Path:
    try:
        return Path(settings["EMBEDDED"]["STATE_DIR"])
    except KeyError:
        raise ImproperlyConfigured(
            'ENGINE "supportsite.embedded_postgres" needs "EMBEDDED": {"STATE_DIR": folder}.'
        ) from None


@contextmanager
def _as_operational_error() -> Iterator[None]:
    try:
        yield
    except EmbeddedPostgresError as error:
        raise OperationalError(str(error)) from error
