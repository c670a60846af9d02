"""Measure how fast a running site answers."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from assistant import wiring
from assistant.benchmarking import BARE, BY_HAND, Ratio, Round, Timing, summary
from assistant.by_hand import ByHand, time_each
from assistant.deciding import Message
from assistant.entries import phrasings
from assistant.interfaces import Unavailable
from assistant.kept_benchmarks import Run, before, compared, keep, kept, this_machine
from assistant.labels import read_questions
from assistant.loaded import LoadedRelease
from audit.principal import Role
from faq.reading import Unreadable
from faq.sources import read_path
from supportsite.authentication import issue

WARM_UP = 1.0
"""Seconds of load before the first measurement."""

QUESTIONS_A_SECOND = 2_000
"""More than a server answers: so many distinct questions are ready for each second."""

MOST_CHECKED = 500
TOKEN_SECONDS = 6 * 3600
DISTINCT, REPEATED = "distinct", "repeated"


@dataclass(frozen=True)
class Server:
    """The running site, and the load it is put under. Raises ``CommandError`` unless it answers."""

    url: str
    token: str

    def answers(self, texts: Sequence[str], *, connections: int, seconds: float) -> Timing:
        measured = self._load(texts, connections=connections, seconds=seconds)
        if measured["others"]:
            raise CommandError(f"{self.url} did not only answer: {measured['others']}")
        return Timing.of(measured["ms"], measured["seconds"])

    def replies(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Each once, one after the other."""
        found: list[dict[str, Any]] = self._load(texts)
        return found

    def _load(self, texts: Sequence[str], **more: Any) -> Any:
        plan = {
            "url": f"{self.url}/ask",
            "headers": {"Authorization": f"Bearer {self.token}"},
            "bodies": [json.dumps({"message": text}) for text in texts],
            **more,
        }
        run = subprocess.run(
            [sys.executable, "-m", "assistant.load"],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=False,
            cwd=settings.BASE_DIR,
        )
        if run.returncode:
            said = run.stderr.strip().splitlines() or [""]
            raise CommandError(f"{self.url} cannot be loaded: {said[-1]}")
        return json.loads(run.stdout)


class Command(BaseCommand):
    help = (
        "Load a running site with questions, distinct and repeated, and print how fast it answers "
        "beside the bare embedding and the same done by hand. Its questions are answered and "
        "recorded like any others."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path, nargs="?", help="CSV with a column query")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}")
        parser.add_argument("--token", default="", help="unless given, one made with JWT_SECRET")
        parser.add_argument("--connections", default="1,8,32", metavar="N,N")
        parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
        parser.add_argument("--rounds", type=int, default=3, help="everything so many times")
        parser.add_argument(
            "--exact", action="store_true", help="also compare its answers with exact fp32 cosine"
        )
        parser.add_argument(
            "--save",
            action="store_true",
            help="keep the numbers as those of this version, on this kind of machine, with about "
            "so many FAQs; then they are compared with an earlier version's only",
        )
        parser.add_argument("--note", default="", help="to keep with them: was the machine busy?")
        parser.add_argument(
            "--kept",
            type=Path,
            metavar="FOLDER",
            default=settings.BASE_DIR / "data" / "benchmarks",
            help="where they are kept, a file for each version, and what they are compared with",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="exit 1 if it is slower than what is kept: its best round than the worst of then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        server = Server(options["url"].rstrip("/"), options["token"] or _token())
        try:
            release = wiring.live().current()
            if not release.contents:
                raise CommandError("There is no release to ask about: ingest one first.")
            texts = _texts(options["questions"], release)
            hand = ByHand.of(release.contents.values(), wiring.embedder().model)
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        # The server has Postgres to itself from here on.
        connections.close_all()
        self.stdout.write(
            f"{server.url}, release {release.number}: {len(release.contents)} FAQs, "
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
        )
        bench = Bench(server, texts, hand, seconds=options["seconds"])
        levels = [int(number) for number in options["connections"].split(",")]
        found = summary([bench.round(levels) for _ in range(options["rounds"])])
        self.stdout.write("\n".join(_table(found)))
        if options["exact"]:
            self.stdout.write(_agreement(server, texts, release, hand))
        run = Run(
            version=str(settings.SPECTACULAR_SETTINGS["VERSION"]),
            at=time.strftime("%F"),
            machine=this_machine(),
            faqs=len(release.contents),
            results=found,
            settings=_settings(options),
            note=options["note"],
        )
        try:
            slower = self._compare(run, kept(options["kept"]), older=options["save"])
            if options["save"]:
                self.stdout.write(f"Kept in {keep(options['kept'], run)}.")
        except (OSError, ValueError) as failure:
            raise CommandError(str(failure)) from None
        if slower and options["check"]:
            raise CommandError(slower)
        if slower:
            self.stdout.write(slower)

    def _compare(self, run: Run, runs: Sequence[Run], *, older: bool) -> str:
        """Print both side by side; what is slower now, or nothing."""
        then = before(runs, run, older=older)
        if then is None:
            self.stdout.write("Nothing is kept to compare it with.")
            return ""
        machine = "this kind of machine" if then.kind == run.kind else f"a {then.machine['cpu']}"
        told = ", ".join(filter(None, (then.at, machine, f"{then.faqs} FAQs", then.note)))
        both = compared(then, run)
        self.stdout.write(f"Beside version {then.version} ({told}):")
        self.stdout.write("\n".join(f"  {each}" for each in both))
        slower = [str(each) for each in both if each.is_slower]
        if slower:
            return f"Slower than {then.version}: {'; '.join(slower)}"
        self.stdout.write(f"Not slower than {then.version}.")
        return ""


class Bench:
    """One site, and what it is measured beside."""

    def __init__(
        self, server: Server, texts: Sequence[str], by_hand: ByHand, *, seconds: float
    ) -> None:
        self._server, self._texts, self._seconds = server, texts, seconds
        self._embedder, self._by_hand = wiring.embedder(), by_hand
        self._numbers = count()
        server.answers(texts, connections=1, seconds=WARM_UP)
        time_each(by_hand.answer, cycle(texts), WARM_UP)

    def round(self, levels: Sequence[int]) -> Round:
        """Everything once, one thing at a time."""
        seconds = self._seconds
        bare = time_each(lambda text: self._embedder.embed([text]), self._distinct(), seconds)
        hand = time_each(self._by_hand.answer, self._distinct(), seconds)
        found = {
            name: Timing.of(ms, sum(ms) / 1000) for name, ms in ((BARE, bare), (BY_HAND, hand))
        }
        ready = int(QUESTIONS_A_SECOND * seconds)
        for kind, texts in ((DISTINCT, self._distinct()), (REPEATED, cycle(self._texts[:1]))):
            for level in levels:
                found[f"{kind}, {level} at once"] = self._server.answers(
                    list(islice(texts, ready)), connections=level, seconds=seconds
                )
        return found

    def _distinct(self) -> Iterator[str]:
        """Questions nobody asked before: the server would remember the vectors of others."""
        for text in cycle(self._texts):
            yield f"{text.rstrip('?')} (case {next(self._numbers)})?"


def _token() -> str:
    """As `manage.py token` makes them."""
    try:
        return issue("benchmark", [Role.SERVICE.value], seconds=TOKEN_SECONDS)
    except LookupError as failure:
        raise CommandError(f"Give a --token: {failure}.") from None


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """How it was measured, and how many answered, if the server has the same environment."""
    asked = {name: options[name] for name in ("connections", "seconds", "rounds")}
    told = {name: os.environ.get(name, "") for name in ("WEB_CONCURRENCY", "WEB_THREADS")}
    return asked | {name: int(value) for name, value in told.items() if value}


def _texts(file: Path | None, release: LoadedRelease) -> list[str]:
    """The file's questions, or what the release's own phrasings ask."""
    if file is None:
        return list(phrasings(release.contents.values()))
    try:
        found = read_questions(read_path(file), known=release.contents)
    except Unreadable as failure:
        raise CommandError(str(failure)) from None
    return [labelled.question for labelled in found]


def _agreement(server: Server, texts: Sequence[str], release: LoadedRelease, hand: ByHand) -> str:
    """How often the closest FAQ is the one of an exact product in fp32."""
    asked = list(dict.fromkeys(texts))[:MOST_CHECKED]
    same = 0
    for text, reply in zip(asked, server.replies(asked), strict=True):
        steps = reply["decision"]["path"]
        found = next(step["matches"][0]["faq_id"] for step in steps if step["step"] == "match")
        same += found == hand.answer(Message.of(text, mend=release.mend).text)
    return f"closest FAQ as by exact fp32 cosine: {same} of {len(asked)}"


def _table(found: dict[str, Any]) -> Iterator[str]:
    heads = f"{'':24}{'median':>9}{'p95':>9}{'p99':>9} ms{'answers/s':>11}"
    yield f"{heads}   {'times by hand':22}median in bare embeddings"
    for name, each in found.items():
        numbers = "".join(f"{each[number]:9.1f}" for number in ("median", "p95", "p99"))
        ratios = (Ratio(**each[of]) for of in ("times_by_hand", "medians_of_bare"))
        yield (
            f"{name:24}{numbers}   {each['per_second']:11.0f}   "
            + "".join(f"{ratio!s:22}" for ratio in ratios).rstrip()
        )
