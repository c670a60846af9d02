"""``manage.py help``: first the commands of this site, one line each, then those of libraries."""

from __future__ import annotations

import ast
from pathlib import Path

from django.core.management import ManagementUtility, find_commands, load_command_class

OWN_APPS = ("supportsite", "faq", "tickets", "assistant", "audit")

ROOT = Path(__file__).resolve().parent.parent


class SiteManagement(ManagementUtility):
    def main_help_text(self, commands_only: bool = False) -> str:
        text = super().main_help_text(commands_only)
        if commands_only:
            return text
        # Before `make run` there are no settings, and a command cannot be imported.
        describe = _docstring if self.settings_exception else _first_sentence
        own = {name: app for app in OWN_APPS for name in find_commands(_folder(app))}
        lines = [f"  {name:22}{describe(app, name)}" for name, app in sorted(own.items())]
        return "\n".join(["Commands of this site:", "", *lines, "", text])


def _folder(app: str) -> str:
    return str(ROOT / app / "management")


def _first_sentence(app: str, name: str) -> str:
    return load_command_class(app, name).help.partition(". ")[0].rstrip(".")


def _docstring(app: str, name: str) -> str:
    source = (ROOT / app / "management" / "commands" / f"{name}.py").read_text()
    return (ast.get_docstring(ast.parse(source)) or "").partition(".")[0]
