"""Keep what a benchmark measured, and tell whether a later version of the software became slower.

A small file for each version, ``VERSION.json``, with one run for each kind of machine and size of
knowledge base. Only ratios to doing it by hand are compared: they hold on another machine, seconds
do not. Pure: standard library only.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.benchmarking import BARE, BY_HAND, Ratio

TIMES, TAIL = "times_by_hand", "p95_by_hand"
MEANING = {
    TIMES: "answers a second, times by hand",
    TAIL: "p95, in medians by hand",
}
"""What is compared, and what it is."""

NOTICED = 0.05
"""How far apart the spreads of two runs must lie, beyond not meeting."""

ALIKE = 1.25
"""How many times as many FAQs a run may have to be compared with another."""


@dataclass(frozen=True)
class Run:
    """What one benchmark measured, and on what."""

    version: str
    at: str
    machine: Mapping[str, Any]
    """``cpu`` and ``cores``, by which its kind is known, and whatever else was there."""
    faqs: int
    results: Mapping[str, Mapping[str, Any]]
    """As ``benchmarking.summary`` gives them."""
    settings: Mapping[str, Any]
    note: str = ""

    @property
    def age(self) -> tuple[list[int], str]:
        """Newer runs have greater ones."""
        return _numbers(self.version), self.at

    @property
    def kind(self) -> tuple[Any, Any]:
        return self.machine["cpu"], self.machine["cores"]

    def is_of_the_size_of(self, other: Run) -> bool:
        return max(self.faqs, other.faqs) <= ALIKE * min(self.faqs, other.faqs)

    def is_instead_of(self, other: Run) -> bool:
        return self.kind == other.kind and self.is_of_the_size_of(other)


@dataclass(frozen=True)
class Compared:
    """One ratio of one measurement, then and now."""

    name: str
    of: str
    then: Ratio
    now: Ratio

    @property
    def is_slower(self) -> bool:
        """The best round of now is worse than the worst of then, by more than is noticed."""
        if self.of == TIMES:
            return self.now.most < self.then.least * (1 - NOTICED)
        return self.now.least > self.then.most * (1 + NOTICED)

    def __str__(self) -> str:
        return f"{self.name}: {MEANING[self.of]}, {self.now}, was {self.then}"


def compared(then: Run, now: Run) -> list[Compared]:
    """Each ratio that both have."""
    return [
        Compared(name, of, Ratio(**then.results[name][of]), Ratio(**now.results[name][of]))
        for of in MEANING
        for name in now.results
        if name not in (BARE, BY_HAND) and of in then.results.get(name, {})
    ]


def before(runs: Sequence[Run], now: Run, *, older: bool) -> Run | None:
    """What ``now`` is compared with: the newest run of its size, of its own kind of machine if
    there is one. ``older``: of an earlier version only; else also of the same one."""
    limit = _numbers(now.version)
    there = [
        run
        for run in runs
        if run.is_of_the_size_of(now)
        and (_numbers(run.version) < limit or (not older and _numbers(run.version) == limit))
    ]
    of_its_kind = [run for run in there if run.kind == now.kind]
    return max(of_its_kind or there, key=lambda run: run.age, default=None)


def kept(folder: Path) -> list[Run]:
    """All runs of a folder's files. Raises ``ValueError`` that names a file it cannot read."""
    return [run for file in sorted(folder.glob("*.json")) for run in _read(file)]


def keep(folder: Path, run: Run) -> Path:
    """Into its version's file, instead of the one of the same kind and size if there is one.

    Raises ``OSError``, and ``ValueError`` if there is a file that cannot be read.
    """
    file = folder / f"{run.version}.json"
    others = [other for other in _read(file) if not run.is_instead_of(other)]
    runs = [asdict(each) for each in sorted([*others, run], key=lambda each: each.age)]
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(_short(json.dumps({"runs": runs}, indent=1)) + "\n", encoding="utf-8")
    return file


def this_machine() -> dict[str, Any]:
    """What a run's ratios may depend on."""
    packages = ("onnxruntime", "sentence-transformers", "torch", "numpy")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        **{name: _version_of(name) for name in packages},
    }


def _cpu() -> str:
    """Its name, with the numbers that tell apart what virtual machines call the same."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    told = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    numbers = (told.get(name, "?") for name in ("cpu family", "model"))
    name = told.get("model name", platform.processor())
    return " ".join(f"{name} ({'/'.join(numbers)})".split())


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _read(file: Path) -> list[Run]:
    if not file.exists():
        return []
    try:
        return [Run(**run) for run in json.loads(file.read_text(encoding="utf-8"))["runs"]]
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise ValueError(f"{file} is no file of benchmarks: {failure}") from None


def _short(text: str) -> str:
    """A ratio, or any other object of numbers alone, in one line."""
    return re.sub(
        r"\{[^{}\[\]]*\}", lambda found: "{" + " ".join(found[0][1:-1].split()) + "}", text
    )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
