"""Work that tells its steps while it goes on. Pure: standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

Step = dict[str, Any]
"""One entry of the decision's path: ``step`` names it, ``ms`` says how long it took."""

Done = TypeVar("Done")
Steps = Generator[Step | None, None, Done]
"""Steps as they happen, then what came of them. None means: nothing new, still at work."""


def kept(steps: Steps[Done], path: list[Step]) -> Steps[Done]:
    """Pass the steps on, and keep them in ``path``."""
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                result: Done = done.value
                return result
            if step is not None:
                path.append(step)
            yield step
    finally:
        steps.close()


def finished(steps: Steps[Done], *, tell: Callable[[Step], None] | None = None) -> Done:
    """Wait for what comes of them; ``tell`` hears of each step as it happens."""
    while True:
        try:
            step = next(steps)
        except StopIteration as done:
            result: Done = done.value
            return result
        if tell and step is not None:
            tell(step)


def ms(started: float) -> float:
    """Milliseconds since ``started``, a reading of ``time.perf_counter``."""
    return round((time.perf_counter() - started) * 1000, 2)
