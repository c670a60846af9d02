"""Load a server: each connection sends its next request when it has received a reply.

A separate process, so that it does not slow down the measuring one: it reads a plan as JSON from
standard input and writes the result as JSON to standard output. Independent of Django.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import cycle
from typing import Any

import aiohttp

TIMEOUT = 60.0
"""Seconds for one reply."""


async def load(plan: dict[str, Any]) -> dict[str, Any]:
    """``plan``: url, headers, bodies, connections, seconds. The bodies are repeated in a cycle.

    Returns ``ms`` of each answer with status 200, in ``others`` the count of every other status or
    failure, ``seconds`` in all, and ``own_cpu_ms``: this process's CPU time for one request.
    """
    bodies = cycle([body.encode() for body in plan["bodies"]])
    ms: list[float] = []
    others: Counter[str] = Counter()
    end = time.perf_counter() + plan["seconds"]

    async def send_requests(session: aiohttp.ClientSession) -> None:
        while (started := time.perf_counter()) < end:
            try:
                async with session.post(plan["url"], data=next(bodies)) as reply:
                    await reply.read()
                    status = reply.status
            except (aiohttp.ClientError, TimeoutError) as failure:
                others[type(failure).__name__] += 1
                # Limits the rate while the server is down.
                await asyncio.sleep(0.1)
                continue
            if status == 200:
                ms.append((time.perf_counter() - started) * 1000)
            else:
                others[str(status)] += 1

    started, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession(
        headers={**plan["headers"], "Content-Type": "application/json"},
        connector=aiohttp.TCPConnector(limit=plan["connections"]),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
    ) as session:
        await asyncio.gather(*(send_requests(session) for _ in range(plan["connections"])))
    requests = max(len(ms) + others.total(), 1)
    return {
        "ms": ms,
        "others": dict(others),
        "seconds": time.perf_counter() - started,
        "own_cpu_ms": (time.process_time() - cpu) * 1000 / requests,
    }


if __name__ == "__main__":
    json.dump(asyncio.run(load(json.load(sys.stdin))), sys.stdout)
