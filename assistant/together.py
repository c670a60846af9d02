"""Do at once what several threads ask for at the same time.

Pure: standard library only.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


@dataclass
class _Waiting(Generic[Asked, Told]):
    asked: Asked
    told: Told | None = None
    failed: BaseException | None = None
    done: bool = False
    awake: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.awake.acquire()


class Together(Generic[Asked, Told]):
    """A function of many items, called with one at a time.

    Whoever comes while nothing runs goes at once and alone. Whoever comes meanwhile waits; when the
    run is over, the first that waits takes the others along. No thread of its own, nothing is ever
    waited for that is not running. Safe to fork while nobody is inside.

    ``fits``: how many of the waiting items, oldest first, go into one run; at least 1.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Asked]], Sequence[Told]],
        *,
        fits: Callable[[Sequence[Asked]], int],
    ) -> None:
        self._run = run
        self._fits = fits
        self._waiting: deque[_Waiting[Asked, Told]] = deque()
        self._running = False
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Told:
        """Raises whatever the run it was part of raised."""
        mine: _Waiting[Asked, Told] = _Waiting(asked)
        with self._lock:
            first, self._running = not self._running, True
            if not first:
                self._waiting.append(mine)
        if first:
            self._lead([mine])
        else:
            mine.awake.acquire()
            if not mine.done:
                self._lead(self._joined(mine))
        if mine.failed is not None:
            raise mine.failed
        return mine.told  # type: ignore[return-value]

    def _joined(self, mine: _Waiting[Asked, Told]) -> list[_Waiting[Asked, Told]]:
        with self._lock:
            candidates = [mine, *self._waiting]
            count = max(1, self._fits([each.asked for each in candidates]))
            for _ in candidates[1:count]:
                self._waiting.popleft()
        return candidates[:count]

    def _lead(self, group: Sequence[_Waiting[Asked, Told]]) -> None:
        try:
            for each, told in zip(group, self._run([one.asked for one in group]), strict=True):
                each.told = told
        except BaseException as failure:
            for each in group:
                each.failed = failure
        finally:
            # The next run starts before those who have their answer go on with it.
            with self._lock:
                following = self._waiting.popleft() if self._waiting else None
                self._running = following is not None
            if following:
                following.awake.release()
            for each in group:
                each.done = True
                each.awake.release()
