"""Paths for probes and Prometheus, which reach the service directly and not through NGINX."""

from __future__ import annotations

INTERNAL_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
