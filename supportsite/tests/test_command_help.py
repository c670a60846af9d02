"""What ``manage.py`` says: its help, and every command where there is no site."""

from __future__ import annotations

import os
import subprocess
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import find_commands

from supportsite.command_help import OWN_APPS, ROOT, SiteManagement
from supportsite.tests.served import REPOSITORY


def test_the_sites_own_commands_come_first_each_with_a_line():
    own, _, libraries = SiteManagement(["manage.py"]).main_help_text().partition("Type '")

    assert "  token                 Print a bearer token for the API" in own
    assert "  backup                Back up the database" in own
    assert "\n  migrate" not in own
    assert "    migrate" in libraries


COMMANDS = [name for app in OWN_APPS for name in find_commands(str(ROOT / app / "management"))]


def test_help_without_a_site_still_lists_the_commands_of_the_site():
    utility = SiteManagement(["manage.py"])
    utility.settings_exception = ImproperlyConfigured("SECRET_KEY is not set.")

    own = utility.main_help_text().partition("Type '")[0]

    assert [name for name in COMMANDS if f"\n  {name} " not in own] == []
    assert "  ask                   Ask a question in the terminal" in own


def test_a_command_without_a_site_says_in_one_line_what_to_type(tmp_path):
    # One process for all commands: each ends when the settings are loaded.
    program = f"""
import sys
import manage
for name in {COMMANDS!r}:
    sys.argv = ["manage.py", name]
    try:
        manage.main()
    except SystemExit as ended:
        print(ended)
"""
    env = {"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path), "ENV_FILE": str(tmp_path / "no")}

    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    lines = ended.stdout.splitlines()
    assert (len(lines), ended.stderr) == (len(COMMANDS), "")
    assert {line for line in lines if "STATE_DIR=FOLDER before the command" not in line} == set()
