"""How gunicorn serves supportsite. Read by `make run` and by the image alike."""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

_here = Path(__file__).resolve().parent
if str(_here.parent) not in sys.path:
    sys.path.insert(0, str(_here.parent))
from supportsite import env_file  # noqa: E402

env_file.load()
_port = os.environ.get("PORT") or "8000"

# gunicorn itself splits them on its command line only.
bind = [part.strip() for part in (os.environ.get("BIND") or f"127.0.0.1:{_port}").split(",")]
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# gunicorn's gthread, but connections are shared fairly, and its end loses nobody a request.
worker_class = "supportsite.serving.gunicorn_worker.DrainingWorker"
threads = int(os.environ.get("WEB_THREADS") or 4)
# One copy of the model for all workers: it is loaded before they are forked.
preload_app = True
timeout = 60
# For what is being answered when it is told to stop; give whoever would kill it a little more.
graceful_timeout = 30
# Whatever grows in a worker all the same ends with it; spread, so that not all end at once.
max_requests = int(os.environ.get("MAX_REQUESTS") or 50_000)
max_requests_jitter = max_requests // 5
keepalive = 5
limit_request_line = 4094
limit_request_fields = 50
control_socket_disable = True
# The site logs every request itself, without addresses and query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"

# Asked before gunicorn sets handlers of its own.
_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

from supportsite import metrics_folder  # noqa: E402

if not metrics_folder.is_shared():
    # A start, not a reload, and not by `make run`, which has seen to all this.
    metrics_folder.share()
    # Unless a gunicorn before this one still serves (SIGUSR2), what is there are the numbers of an
    # earlier run.
    if "GUNICORN_PID" not in os.environ:
        metrics_folder.forget_earlier_runs()

    # Here, and not in on_starting: the application is loaded before that, and what its settings
    # refuse would come with a traceback.
    from supportsite import starting

    if _objections := starting.objections():
        sys.exit("\n".join(f"Not started: {line}" for line in _objections))

    from supportsite import companions

    companions.prepare(worker="SERVE_BANNER" in os.environ)


def on_starting(server):
    """Load the model and the live release once; every worker is forked with them.

    Before the port is opened: a client that comes too early is refused, not kept waiting.
    """
    from django.db import DatabaseError, connection, connections

    from assistant import wiring
    from assistant.interfaces import Unavailable
    from supportsite import stopping

    stopping.heed()
    try:
        # From here on both servers are ours to stop; until here a Ctrl-C had to wait.
        connection.ensure_connection()
        wiring.index()
        stopping.release()
        wiring.warm_up()
    except (Unavailable, DatabaseError) as failure:
        server.log.error("%s", " ".join(str(failure).split()))
        raise SystemExit(1) from None
    finally:
        connections.close_all()


def when_ready(server):
    """Say so, to whoever ran `make run`."""
    from supportsite import companions

    _settle()
    server.handle_term = lambda: _stop(server)
    companions.begin(worker="SERVE_BANNER" in os.environ)
    banner = os.environ.pop("SERVE_BANNER", "")
    if not banner:
        return
    # Run by hand, it ends with its terminal. Elsewhere the signal means reload.
    if not _nohup:
        signal.signal(signal.SIGHUP, lambda *_: server.signal(signal.SIGTERM, None))
    print(banner, flush=True)


def _stop(server):
    """Told to stop: nobody new is let in any more, and whoever is in has an answer."""
    from supportsite import closed_door

    closed_door.close_all(server)
    type(server).handle_term(server)


def _settle():
    """Let workers share what is loaded by now, and give back what loading left free.

    Unseen by the garbage collector it is never copied into a worker's own memory, and a worker ends
    in a third of a second instead of one and a half. Only glibc has to be asked for up to 30 MB.
    """
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def pre_fork(server, worker):
    """Load what was published since: here, once, and not again in every worker to come."""
    if worker.age <= server.cfg.workers:
        # The first ones; on_starting has just done so.
        return
    from django.db import connections

    from assistant import wiring

    try:
        wiring.warm_up()
    except Exception as failure:
        # The site goes on with the workers it has; this one will say the same to whoever asks it.
        server.log.error("Not loaded: %s", " ".join(str(failure).split()))
    finally:
        connections.close_all()
    gc.collect()
    _settle()


def post_fork(server, worker):
    """Traces are sent by a thread, which a fork would leave behind."""
    from django.conf import settings

    from assistant import telemetry

    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        telemetry.start(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def worker_exit(server, worker):
    """Send what still waits, and end here.

    ONNX Runtime's own end does not survive a fork: it would wait for a thread that only the parent
    has, and the worker would abort or hang.
    """
    if worker.pid != os.getpid():
        # Gunicorn's parent says so as well, of a worker that is gone.
        return
    from assistant import telemetry

    telemetry.stop()
    ending = sys.exc_info()[1]
    code = ending.code if isinstance(ending, SystemExit) else 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def post_worker_init(worker):
    """Ctrl-C means now.

    A worker hears of it twice, from the terminal and from gunicorn; gunicorn's own handler, when
    interrupted by the second, waits for a lock that it holds itself.
    """
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: os._exit(0))


def child_exit(server, worker):
    """A dead worker's gauges are gone; its counters stay, in one file for all who ended."""
    from supportsite import fair_worker, metrics_files

    fair_worker.forget(worker)
    metrics_files.fold(worker.pid)


def on_exit(server):
    """Stop the Chroma server of our own; the embedded Postgres stops with its last user."""
    from assistant import wiring
    from supportsite import companions

    companions.stop()
    wiring.stop()
