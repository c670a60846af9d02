"""Postgres: DATABASE_URL, or else an embedded server under STATE_DIR."""

from __future__ import annotations

from typing import Any

import dj_database_url

from supportsite import env
from supportsite.settings.site import STATE_DIR

_connection: dict[str, Any] = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DATABASE_URL = env.text("DATABASE_URL")
if DATABASE_URL:
    _engine = "supportsite.postgres"
    DATABASES = {"default": {**dj_database_url.parse(DATABASE_URL, engine=_engine), **_connection}}
    # A connection that the network forgot is noticed within half a minute.
    _network = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}
    _network |= {"connect_timeout": 5, "tcp_user_timeout": 30_000}
    DATABASES["default"]["OPTIONS"] = _network | DATABASES["default"].get("OPTIONS", {})
else:
    DATABASES = {
        "default": {
            "ENGINE": "supportsite.embedded_postgres",
            "NAME": "supportsite",
            "EMBEDDED": {"STATE_DIR": STATE_DIR},
            **_connection,
        }
    }
