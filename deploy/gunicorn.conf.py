"""How gunicorn serves supportsite, for `make run` and for the image alike."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from supportsite import env_file
from supportsite.serving import preflight

env_file.load()
_port = os.environ.get("PORT") or "8000"
bind = [part.strip() for part in (os.environ.get("BIND") or f"127.0.0.1:{_port}").split(",")]
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "supportsite.serving.gunicorn_worker.DrainingWorker"
threads = int(os.environ.get("WEB_THREADS") or 4)
# One copy of the model for all workers: it is loaded before they are forked.
preload_app = True
timeout = 60
# For requests in progress at a stop. A supervisor that kills must wait a little longer.
graceful_timeout = 30
# Jitter, so that not all workers are renewed at once.
max_requests, max_requests_jitter = 50_000, 10_000
keepalive = 5
limit_request_line = 4094
limit_request_fields = 50
control_socket_disable = True
# The site logs every request itself, without addresses and query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"

if "django" not in sys.modules:
    # Not on a reload, nor for `manage.py serve`, which did the same.
    preflight.run()


def on_starting(server):
    """Before the port is opened and workers are forked."""
    preflight.load()


def post_fork(server, worker):
    """Limit the time of the database, and start what needs threads, which no fork takes along."""
    from django.conf import settings

    from assistant import telemetry
    from audit.sealing import heartbeat
    from supportsite.postgres.base import enable_time_limits

    enable_time_limits()
    heartbeat.start("web")

    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        telemetry.start(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def worker_exit(server, worker):
    """Send the last traces, and end without exit handlers: ONNX Runtime's hang after a fork."""
    from assistant import telemetry

    if worker.pid == os.getpid():
        telemetry.stop()
        os._exit(getattr(sys.exc_info()[1], "code", 1) or 0)


def child_exit(server, worker):
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
