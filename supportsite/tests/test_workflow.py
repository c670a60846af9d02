"""What the workflow on GitHub may do, and with what."""

from __future__ import annotations

import re

import pytest
import yaml
from django.conf import settings

pytestmark = pytest.mark.slow

TEXT = (settings.BASE_DIR / ".github" / "workflows" / "ci.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)


def test_it_may_read_the_code_and_only_publishing_may_do_more():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [name for name, job in WORKFLOW["jobs"].items() if "permissions" in job] == ["publish"]
    assert "refs/tags/v" in WORKFLOW["jobs"]["publish"]["if"]


def test_every_action_is_pinned_by_a_version():
    used = re.findall(r"uses: (\S+)", TEXT)

    assert used
    assert [action for action in used if not re.search(r"@v\d", action)] == []


def test_nothing_that_others_write_becomes_a_command():
    commands = [
        step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step
    ]

    assert commands
    assert [command for command in commands if "${{" in command] == []
