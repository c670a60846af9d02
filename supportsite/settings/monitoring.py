"""Logs, metrics and traces."""

from __future__ import annotations

import sys

from supportsite import env

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
_is_terminal = sys.stderr.isatty()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "supportsite.monitoring.json_logs.Formatter"},
        "console": {"()": "supportsite.monitoring.console_logs.Formatter"},
    },
    "filters": {"console": {"()": "supportsite.monitoring.console_logs.Filter"}},
    "handlers": {
        # Short lines for a person at a terminal, else JSON.
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "console" if _is_terminal else "json",
            "filters": ["console"] if _is_terminal else [],
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"level": LOG_LEVEL}
        for name in ("supportsite", "assistant", "faq", "tickets", "audit")
    }
    # Every command may start and stop it; only its failures are news.
    | {"supportsite.embedded_postgres": {"level": "WARNING"}}
    # Our own line per request has the status and the route; a path may hold personal data.
    | {"django.request": {"level": "ERROR"}}
    # No line for every retry while the collector is down, only for lost spans.
    | {"opentelemetry": {"level": "ERROR"}},
}

OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

PROMETHEUS_EXPORT_MIGRATIONS = False
PROMETHEUS_LATENCY_BUCKETS = (
    *(0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, float("inf")),
)
