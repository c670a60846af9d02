"""Counts that the processes of one machine share: a file of fixed size in everybody's memory.

A check costs some microseconds, a query would cost a hundred times that. Each counter is 16 bytes,
a fingerprint and a time, in a row of 8 that its name leads to; where a row is full, the counter
that has the least to make up for is forgotten. Names are keyed, so that nobody can aim at a row.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from hashlib import blake2b
from pathlib import Path

from supportsite.rates import Rate

ROWS, COUNTERS = 8_192, 8
_COUNTER = struct.Struct("<8sd")
_ROW = _COUNTER.size * COUNTERS
SIZE = ROWS * _ROW
"""1 MiB, for 65,536 callers at a time."""


class SharedCounters:
    """Opened by each process for itself when it first counts."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._file, self._key = file, key[:64]
        self._forget()
        # A lock may be held for ever in a forked process, and its locks on the file are its own.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._memory: mmap.mmap | None = None
        self._descriptor = -1
        self._lock = threading.Lock()

    def wait(self, name: str, rate: Rate) -> float:
        """Count it and return 0, or return the seconds until it may happen again.

        Raises ``OSError`` where the file cannot be made.
        """
        digest = blake2b(name.encode(errors="replace"), key=self._key, digest_size=12).digest()
        row = int.from_bytes(digest[8:], "little") % ROWS * _ROW
        with self._lock:
            memory = self._memory or self._open()
            locked = self._lock_row(row)
            try:
                return self._count(memory, row, digest[:8], rate)
            finally:
                if locked:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, _ROW, row)

    @staticmethod
    def _count(memory: mmap.mmap, row: int, fingerprint: bytes, rate: Rate) -> float:
        now = time.time()
        content = memory[row : row + _ROW]
        at = content.find(fingerprint)
        # It may also be found across two counters, by chance or in the bytes of a time.
        while at >= 0 and at % _COUNTER.size:
            at = content.find(fingerprint, at + 1)
        if at < 0:
            times = [made_up for _, made_up in _COUNTER.iter_unpack(content)]
            at = times.index(min(times)) * _COUNTER.size
            made_up_at = 0.0
        else:
            made_up_at = _COUNTER.unpack_from(content, at)[1]
        made_up_at, wait = rate.admit(made_up_at, now)
        if not wait:
            _COUNTER.pack_into(memory, row + at, fingerprint, made_up_at)
        return wait

    def _lock_row(self, row: int) -> bool:
        """Whether nobody else counts in this row. A process may have been stopped while it did."""
        for _ in range(20):
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _ROW, row)
            except BlockingIOError:
                time.sleep(0.00005)
            else:
                return True
        return False

    def _open(self) -> mmap.mmap:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Two processes that do so at once do the same: what is there already stays.
        os.truncate(self._descriptor, SIZE)
        self._memory = mmap.mmap(self._descriptor, SIZE)
        return self._memory
