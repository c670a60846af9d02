"""Load a server: so many connections, each with its next question as soon as it has its answer.

A program of its own, so that it takes no time from whoever measures: a plan as JSON on standard
input, what was measured as JSON on standard output; without ``seconds`` in the plan, the answers.
Knows neither Django nor this site.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp

LONGEST_WAIT = 60.0
"""Seconds for one answer."""


async def ask_each(plan: dict[str, Any]) -> list[Any]:
    """The JSON that each of ``bodies`` is answered with, asked one after the other."""
    async with aiohttp.ClientSession(
        headers={**plan["headers"], "Content-Type": "application/json"}, raise_for_status=True
    ) as session:
        found = []
        for body in plan["bodies"]:
            async with session.post(plan["url"], data=body.encode()) as reply:
                found.append(await reply.json())
        return found


async def load(plan: dict[str, Any]) -> dict[str, Any]:
    """``plan``: url, headers, bodies, connections, seconds; after the last body the first again.

    Returns the milliseconds of each answer with status 200, how often each other status came, the
    seconds it took, and this process's own CPU milliseconds for each request.
    """
    bodies = _round_and_round(plan["bodies"])
    taken: list[float] = []
    others: Counter[str] = Counter()
    end = time.perf_counter() + plan["seconds"]

    async def ask_on(session: aiohttp.ClientSession) -> None:
        while (started := time.perf_counter()) < end:
            try:
                async with session.post(plan["url"], data=next(bodies)) as reply:
                    await reply.read()
                    status = reply.status
            except (aiohttp.ClientError, TimeoutError) as failure:
                others[type(failure).__name__] += 1
                # A server that is away is not asked a thousand times a second.
                await asyncio.sleep(0.1)
                continue
            if status == 200:
                taken.append((time.perf_counter() - started) * 1000)
            else:
                others[str(status)] += 1

    started, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession(
        headers={**plan["headers"], "Content-Type": "application/json"},
        connector=aiohttp.TCPConnector(limit=plan["connections"]),
        timeout=aiohttp.ClientTimeout(total=LONGEST_WAIT),
    ) as session:
        await asyncio.gather(*(ask_on(session) for _ in range(plan["connections"])))
    requests = max(len(taken) + others.total(), 1)
    return {
        "ms": taken,
        "others": dict(others),
        "seconds": time.perf_counter() - started,
        "own_cpu_ms": (time.process_time() - cpu) * 1000 / requests,
    }


def _round_and_round(bodies: list[str]) -> Iterator[bytes]:
    encoded = [body.encode() for body in bodies]
    while True:
        yield from encoded


if __name__ == "__main__":
    told = json.load(sys.stdin)
    json.dump(asyncio.run(load(told) if "seconds" in told else ask_each(told)), sys.stdout)
