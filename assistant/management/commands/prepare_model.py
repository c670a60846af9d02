"""Convert the model for ONNX Runtime now, so that no start has to."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant import wiring
from assistant.interfaces import EmbedderUnavailable


class Command(BaseCommand):
    help = (
        "Convert the embedding model, check it against the reference, store it. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--model", default="", help="a folder or a name; default: LOCAL_EMB_MODEL"
        )
        which.add_argument(
            "--live", action="store_true", help="the model of the live release; needs the database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = wiring.embedder() if options["live"] else wiring.local_model(options["model"])
            model.load()
        except EmbedderUnavailable as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"The model is ready: {model.check()}.")
