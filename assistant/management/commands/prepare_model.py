"""Install and convert an embedding model before it is used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant import embedders
from assistant.embedding import model_catalog
from assistant.embedding.install import InstallError, install, is_installed
from assistant.embedding.model_catalog import CatalogModel, catalog_model
from assistant.interfaces import EmbedderUnavailable


class Command(BaseCommand):
    help = (
        "Download a known model, convert it and check its vectors. Without a name: list the known "
        "models. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        names = ", ".join(model.name for model in model_catalog.CATALOG)
        which.add_argument(
            "name",
            nargs="?",
            default="",
            help=f"{names}, or a folder or name as in LOCAL_EMB_MODEL",
        )
        which.add_argument(
            "--live", action="store_true", help="the model of the live release; needs the database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["name"] or options["live"]):
            self._list()
            return
        entry = catalog_model(options["name"])
        try:
            if entry:
                self._install(entry)
            if entry and entry.second_language:
                self._prepare_second_language()
                return
            model = (
                embedders.embedder() if options["live"] else embedders.local_model(options["name"])
            )
            model.load()
        except (EmbedderUnavailable, InstallError) as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"The model is ready: {model.check()}.")
        if entry and entry.packages:
            self.stdout.write(f"To use it: manage.py publish --model {entry.name}")

    def _install(self, model: CatalogModel) -> None:
        if not is_installed(model, settings.CONVERTED_MODELS):
            self._say(
                f"{model.folder}, {model.licence}: {model.megabytes} MB to download, "
                f"{model.disk_megabytes} MB on the disk afterwards, in {settings.CONVERTED_MODELS}."
            )
        install(model, settings.CONVERTED_MODELS, report=self._say)
        if model.second_language or embedders.local_model_is_converted(model.name):
            return
        self._say(
            "Converting it and comparing it with sentence-transformers; this may take minutes."
        )

    def _prepare_second_language(self) -> None:
        embedder = embedders.second_language_embedder()
        assert embedder
        self.stdout.write(f"The model is ready: {embedder.check()}.")
        self.stdout.write("To use it: manage.py publish")

    def _list(self) -> None:
        rows = [("name", "model", "licence", "download", "disk", "state")]
        rows += [
            (
                *(model.name, f"{model.folder} ({model.about})", model.licence),
                f"{model.megabytes} MB" if model.packages else "installed",
                f"{model.disk_megabytes} MB",
                _state(model),
            )
            for model in model_catalog.CATALOG
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _state(model: CatalogModel) -> str:
    ready = is_installed(model, settings.CONVERTED_MODELS) and (
        model.second_language or embedders.local_model_is_converted(model.name)
    )
    return "prepared" if ready else f"not prepared: manage.py prepare_model {model.name}"
