"""The README says what the code does."""

from __future__ import annotations

import re

from django.conf import settings

README = (settings.BASE_DIR / "README.md").read_text()
DEPLOYING = (settings.BASE_DIR / "deploy" / "README.md").read_text()
EXAMPLE = (settings.BASE_DIR / "deploy" / "env.example").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
READ = re.compile(r"""(?:env\.\w+|secrets\.read)\(\s*"([A-Z_]+)\"""")
EXPLAINED = re.compile(r"^# .+\n#?([A-Z_]+)=", re.MULTILINE)
GUNICORN = re.compile(r"""environ\.get\(["']([A-Z_]+)["']\)""")


def test_the_settings_tables_name_every_variable_that_is_read_once_and_no_other():
    source = (settings.BASE_DIR / "supportsite" / "settings.py").read_text()
    gunicorn = (settings.BASE_DIR / "deploy" / "gunicorn.conf.py").read_text()
    ours = {"PROMETHEUS_MULTIPROC_DIR"}  # set by us, not by an operator

    read = {*READ.findall(source), *GUNICORN.findall(gunicorn)} - ours

    assert sorted(ROW.findall(README) + ROW.findall(DEPLOYING)) == sorted(read)


def test_env_example_explains_every_variable_of_the_tables_once_and_no_other():
    explained = [
        name.removesuffix("_FILE") if name != "AUDIT_FILE" else name
        for name in EXPLAINED.findall(EXAMPLE)
    ]

    assert sorted(explained) == sorted(ROW.findall(README) + ROW.findall(DEPLOYING))
    assert len(explained) == len(re.findall(r"^#?[A-Z_]+=", EXAMPLE, re.MULTILINE))


def test_it_is_short_and_has_the_two_commands_word_for_word():
    assert len(README.splitlines()) <= 200
    assert "\nmake run\n" in README
    assert "\nmake test\n" in README


def test_every_file_it_names_exists():
    folders = "supportsite|faq|tickets|audit|assistant|deploy|data"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", README + DEPLOYING)

    assert named
    assert [name for name in named if not (settings.BASE_DIR / name).exists()] == []
