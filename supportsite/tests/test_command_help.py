"""``manage.py help`` lists the site's own commands first, each with a line."""

from __future__ import annotations

from supportsite.command_help import SiteManagement


def test_the_sites_own_commands_come_first_each_with_a_line():
    own, _, libraries = SiteManagement(["manage.py"]).main_help_text().partition("Type '")

    assert "  token                 Print a bearer token for the API" in own
    assert "  backup                Back up the database" in own
    assert "\n  migrate" not in own
    assert "    migrate" in libraries
