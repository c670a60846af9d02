"""What is asked from inside: by probes and Prometheus next to the service, never through NGINX."""

from __future__ import annotations

INSIDE = frozenset({"/healthz", "/readyz", "/metrics"})
