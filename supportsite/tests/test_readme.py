"""README, docs/ and CHANGELOG.md say what the code does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from supportsite.tests.documents import SHORTENED, examples

ROOT: Path = settings.BASE_DIR
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
EXAMPLE = (ROOT / "deploy" / "env.example").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "deploy/README.md", "data/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
PICTURES = sorted(
    file for file in (ROOT / "docs" / "pictures").iterdir() if file.suffix in {".png", ".svg"}
)

ROW = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
WHOLE_ROW = re.compile(r"^\| `([A-Z_]+)` \|[^|]*\| `(.+?)` \| (.+) \|$", re.MULTILINE)
READ = re.compile(r"""(?:env\.\w+|secrets\.read)\(\s*"([A-Z_]+)\"""")
EXPLAINED = re.compile(r"^# .+\n#?([A-Z_]+)=", re.MULTILINE)
GUNICORN = re.compile(r"""environ\.get\(["']([A-Z_]+)["']\)""")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
VERSION = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", re.MULTILINE)


# --- Settings -------------------------------------------------------------------------------------


def test_the_settings_tables_name_every_variable_that_is_read_once_and_no_other():
    modules = (ROOT / "supportsite" / "settings").glob("*.py")
    source = "\n".join(file.read_text() for file in modules)
    gunicorn = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    ours = {"PROMETHEUS_MULTIPROC_DIR"}  # set by us, not by an operator

    read = {*READ.findall(source), *GUNICORN.findall(gunicorn)} - ours

    assert sorted(ROW.findall(SETTINGS)) == sorted(read)


def test_env_example_explains_every_variable_of_the_tables_once_and_no_other():
    explained = [
        name.removesuffix("_FILE") if name != "AUDIT_FILE" else name
        for name in EXPLAINED.findall(EXAMPLE)
    ]

    assert sorted(explained) == sorted(ROW.findall(SETTINGS))
    assert len(explained) == len(re.findall(r"^#?[A-Z_]+=", EXAMPLE, re.MULTILINE))


EXAMPLES = {name: example for name, example, _ in WHOLE_ROW.findall(SETTINGS)}

TOGETHER = [
    {"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"},
    {"EMBEDDINGS_URL", "EMBEDDINGS_MODEL"},
    {"JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"},
    {"MAIL_WEBHOOK", "MAIL_WEBHOOK_SECRET"},
]
"""Settings that need each other."""

LOAD_EACH = """
import json, os, sys
from importlib import import_module
before = dict(os.environ)
for example in json.load(sys.stdin):
    os.environ.update(example)
    try:
        for name in [name for name in sys.modules if name.startswith("supportsite.settings")]:
            del sys.modules[name]
        import_module("supportsite.settings")
    except Exception as failure:
        print(f"{example}: {failure}")
    os.environ.clear()
    os.environ.update(before)
"""


def test_every_row_has_an_example_of_that_variable():
    named = {name: example.partition("=")[0] for name, example in EXAMPLES.items()}

    assert sorted(named) == sorted(ROW.findall(SETTINGS))
    assert {name: to for name, to in named.items() if to not in (name, f"{name}_FILE")} == {}


def test_the_settings_take_every_example():
    values = {name: example.partition("=")[2] for name, example in EXAMPLES.items()}
    # Files of examples are not here; what is in them is a secret or a key.
    plain = {name for name, example in EXAMPLES.items() if f"{name}_FILE=" not in example}
    environments = [
        {
            variable: values[variable] if variable in plain else "x" * 40
            for variable in (group or {name})
        }
        for name in sorted(plain)
        for group in [next((group for group in TOGETHER if name in group), set())]
    ]
    # One way to verify tokens at a time.
    no_secret = {"JWT_SECRET": ""}
    environments = [
        {**no_secret, **settings} if "JWT_JWKS_URL" in settings else settings
        for settings in environments
    ]

    ended = subprocess.run(
        [sys.executable, "-c", LOAD_EACH],
        input=json.dumps(environments),
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


# --- README ---------------------------------------------------------------------------------------


def test_it_is_short_and_has_the_two_commands_word_for_word():
    lines = README.splitlines()

    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 120] == []
    assert "\nmake run\n" in README
    assert "\nmake test\n" in README


def test_it_shows_one_question_with_its_whole_reply():
    replies = [example.reply for example in examples(README) if example.language == "json"]

    assert len(replies) == 1
    assert SHORTENED not in replies[0]


# --- All documents --------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(FENCED.sub("", text))
    }


def test_every_file_they_name_exists():
    folders = "supportsite|faq|tickets|audit|assistant|benchmarks|deploy|data|docs"
    texts = [file.read_text() for file in DOCUMENTS if file.name != "CHANGELOG.md"]
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", "\n".join(texts))
    written_by_a_site = {"data/tickets.csv"}

    assert named
    assert [
        name for name in named if not (ROOT / name).exists() and name not in written_by_a_site
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    wrong = []
    for link in LINK.findall(FENCED.sub("", document.read_text())):
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name) if name else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            wrong.append(link)

    assert wrong == []


def test_every_document_and_picture_is_linked():
    text = "\n".join(file.read_text() for file in DOCUMENTS)

    assert [
        file.name
        for file in DOCUMENTS
        if file.parent == ROOT / "docs"
        and f"({file.name}" not in text
        and f"(docs/{file.name}" not in text
    ] == []
    assert [file.name for file in PICTURES if f"pictures/{file.name})" not in text] == []


def test_pictures_are_small_files():
    assert PICTURES
    assert [file.name for file in PICTURES if file.stat().st_size > 150_000] == []


# --- CHANGELOG.md ---------------------------------------------------------------------------------


def test_the_newest_version_is_that_of_the_api():
    versions = VERSION.findall(CHANGELOG)
    numbers = [tuple(map(int, number.split("."))) for number, _ in versions]

    assert versions[0][0] == settings.SPECTACULAR_SETTINGS["VERSION"]
    assert numbers == sorted(numbers, reverse=True)
    assert [date for _, date in versions] == sorted((d for _, d in versions), reverse=True)


def test_it_keeps_to_the_headings_of_keep_a_changelog():
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    headings = re.findall(r"^(##+) (.+)$", CHANGELOG, re.MULTILINE)
    sections = [text for level, text in headings if level == "##"]

    assert len(sections) - ("[Unreleased]" in sections) == len(VERSION.findall(CHANGELOG))
    assert {text for level, text in headings if level == "###"} <= kinds
