"""How gunicorn serves supportsite. Read by `make run` and by the image alike."""

import os
import shutil
from pathlib import Path

_here = Path(__file__).resolve().parent
_state = Path(os.environ.get("STATE_DIR") or _here.parent / "var").resolve()

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)
# One copy of the model for all workers: it is loaded before they are forked.
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 5
limit_request_line = 4094
limit_request_fields = 50
control_socket_disable = True
# The site logs every request itself, without addresses and query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"

# prometheus_client looks at this when it is first imported.
_metrics = _state / "prometheus"
if os.environ.get("PROMETHEUS_MULTIPROC_DIR") != str(_metrics):
    # A first start, not a reload: forget the numbers of the processes of an earlier run.
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def when_ready(server):
    """Load the model and the live release once; every worker is forked with them."""
    from django.db import connections

    from assistant import wiring
    from assistant.interfaces import Unavailable

    try:
        wiring.warm_up()
    except Unavailable as failure:
        server.log.error("%s", failure)
        raise SystemExit(1) from None
    finally:
        connections.close_all()
    banner = os.environ.pop("SERVE_BANNER", "")
    if banner:
        print(banner, flush=True)


def child_exit(server, worker):
    """A dead worker's gauges are gone; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server):
    """Stop the Chroma server of our own; the embedded Postgres stops with its last user."""
    from assistant import wiring

    wiring.stop()
