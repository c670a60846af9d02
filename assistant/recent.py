"""What was found a moment ago, for whoever asks the same again. Pure: standard library only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")

MOST = 512


class Recent(Generic[Found]):
    """The last ``most`` that somebody asked for. Safe to share by threads."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Found] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Found | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def keep(self, key: Hashable, found: Found) -> None:
        with self._lock:
            self._found[key] = found
            while len(self._found) > self._most:
                self._found.popitem(last=False)

    def __len__(self) -> int:
        return len(self._found)
