"""Being told to stop while the site starts: it ends in order, and nothing it started outlives it.

Once it serves, gunicorn has handlers of its own.
"""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, kill, and a terminal that was closed."""


def heed() -> None:
    """Turn each signal into a normal exit: what was started is stopped, and no traceback shows."""
    for number in SIGNALS:
        # Whoever started us with nohup does not want to be asked again.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def hold() -> None:
    """Keep signals for later; they wait across an ``exec`` too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def release() -> None:
    """Take the signals that were kept, now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _end(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)
