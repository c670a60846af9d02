"""Let nobody new in where a socket listens, and lose nobody who is in its queue.

A queue can be emptied and a socket closed, but not both at once: whoever comes in between has
connected, may have sent a request, and is cut off. So nobody is let in first.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

SO_ATTACH_FILTER = 26
"""Linux, asm-generic/socket.h. Python gives it no name."""

_FLAGS, _SYN = 13, 0x02
"""Where the flags are in TCP's header, and the one that asks to connect (RFC 9293, 3.1)."""

_NO_NEW = (
    # Code, where to go on if so and if not, value: see Documentation/networking/filter.rst.
    (0x30, 0, 0, _FLAGS),  # load this byte
    (0x45, 0, 1, _SYN),  # has it this flag?
    (0x06, 0, 0, 0),  # then nothing of the packet is taken
    (0x06, 0, 0, 0xFFFF_FFFF),  # else all of it
)


def close_all(server: Any) -> None:
    """Those of a gunicorn that stops, unless somebody goes on listening there, who would be deaf:
    the gunicorn before or after it (SIGUSR2), or systemd, which starts the next one."""
    if server.systemd or server.master_pid or server.reexec_pid:
        return
    for listener in server.LISTENERS:
        close(listener.sock)


def close(listener: Any) -> None:
    """Whoever asks to connect from now on gets no reply until the socket is closed, then a refusal:
    their system asks again after a second. Of all processes that have the socket.

    Does nothing for a socket of another kind, and on systems without such filters.
    """
    if sys.platform != "linux" or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in _NO_NEW))
    told = struct.pack("HP", len(_NO_NEW), ctypes.addressof(program))
    # Not every system that says it is Linux has them.
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, told)
