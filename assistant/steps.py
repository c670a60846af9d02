"""The steps that led to an answer. Pure: standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Step = dict[str, Any]
"""One entry of the decision's path: ``step`` names it, ``ms`` is how long it took.

``degraded`` names a dependency that was unavailable, as in the reply.
"""

OnStep = Callable[[Step | None], None]
"""Called with each step as it happens, and with None once a second while the model works.

An exception from it stops the answer.
"""


def ignore(step: Step | None) -> None:
    """An ``OnStep`` that does nothing."""


class Path:
    """The steps of one answer, in order; ``on_step`` is called with each as it happens."""

    def __init__(self, on_step: OnStep = ignore) -> None:
        self.steps: list[Step] = []
        self._on_step = on_step

    def add(self, step: Step | None) -> None:
        """Add a step; itself an ``OnStep``."""
        if step is not None:
            self.steps.append(step)
        self._on_step(step)

    @property
    def degraded(self) -> tuple[str, ...]:
        """The unavailable dependencies, such as ``index: unavailable``, without duplicates."""
        return tuple(dict.fromkeys(s["degraded"] for s in self.steps if "degraded" in s))


def ms(started: float) -> float:
    """Milliseconds since ``started``, a value of ``time.perf_counter``."""
    return round((time.perf_counter() - started) * 1000, 2)
