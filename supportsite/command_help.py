"""``manage.py help``: first the commands of this site with a line each, then those of libraries."""

from __future__ import annotations

from django.core.management import ManagementUtility, get_commands, load_command_class

OWN_APPS = ("supportsite", "faq", "tickets", "assistant", "audit")


class SiteManagement(ManagementUtility):
    def main_help_text(self, commands_only: bool = False) -> str:
        text = super().main_help_text(commands_only)
        if commands_only:
            return text
        commands = get_commands()
        own = {name: app for name, app in sorted(commands.items()) if app in OWN_APPS}
        lines = [f"  {name:22}{_first_sentence(app, name)}" for name, app in own.items()]
        return "\n".join(["Commands of this site:", "", *lines, "", text])


def _first_sentence(app: str, name: str) -> str:
    return load_command_class(app, name).help.partition(". ")[0].rstrip(".")
