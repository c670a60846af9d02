"""Names and places are masked where Presidio is there and asked for, and nothing is pretended."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest
from django.conf import settings as site

from audit.models import Record
from audit.privacy import presidio
from audit.privacy.presidio import NotInstalled, Presidio, missing

pytestmark = pytest.mark.slow

NAMES = {"Josephine Blue": "PERSON", "Lahore": "LOCATION", "[EMAIL]": "PERSON"}


class Analyzer:
    """Finds names from a list, overlapping ones too, as Presidio reports them."""

    def __init__(self, **_: object) -> None:
        pass

    def analyze(self, text: str, *, language: str, entities: list[str]) -> list[SimpleNamespace]:
        results = [(text.find(name), name, entity) for name, entity in NAMES.items()]
        results += [(text.find("Blue"), "Blue", "PERSON")]
        return [
            SimpleNamespace(start=at, end=at + len(name), entity_type=entity)
            for at, name, entity in results
            if at >= 0 and entity in entities
        ]


class Anything:
    DEFAULT_SUPPORTED_REGIONS = ("US",)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        return lambda *_, **__: None


@pytest.fixture
def installed(monkeypatch):
    """A stand-in for Presidio, which no test machine has."""
    modules = {
        "presidio_analyzer": {"AnalyzerEngine": Analyzer, "RecognizerRegistry": Anything},
        "presidio_analyzer.nlp_engine": dict.fromkeys(
            ("NerModelConfiguration", "SpacyNlpEngine"), Anything
        ),
        "presidio_analyzer.predefined_recognizers": {"PhoneRecognizer": Anything},
        "tldextract": {"TLDExtract": Anything},
        "tldextract.tldextract": {},
        "spacy": {"blank": lambda language: None},
    }
    for name, members in modules.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    sys.modules["tldextract"].tldextract = sys.modules["tldextract.tldextract"]
    yield
    presidio.loaded.cache_clear()


def test_names_and_places_are_masked_once_and_placeholders_left_alone(installed):
    masked = Presidio("blank:en", region="PK").mask("Josephine Blue of Lahore, [EMAIL]")

    assert masked == "[PERSON] of [PLACE], [EMAIL]"


@pytest.mark.django_db
def test_what_comes_in_is_masked_by_both(installed, settings, as_role):
    settings.PRESIDIO_MODEL = "blank:en"

    body = {"message": "I am Josephine Blue of Lahore, jo@example.com"}
    as_role("customer").post("/ask", body, format="json")

    question = Record.objects.get(action="question.asked").data["question"]
    assert question == "I am [PERSON] of [PLACE], [EMAIL]"


def test_a_model_that_is_not_there_is_named(installed):
    assert "no spaCy model en_core_web_xl" in missing("en_core_web_xl")


def test_without_presidio_it_says_what_to_install():
    with pytest.raises(NotInstalled, match="requirements-presidio"):
        Presidio("en_core_web_sm", region="PK")


def test_a_site_that_asks_for_it_without_having_it_does_not_start():
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=site.BASE_DIR,
        env={**os.environ, "PRESIDIO_MODEL": "en_core_web_sm"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1].endswith(
        "PRESIDIO_MODEL is en_core_web_sm, but Presidio is not installed: "
        "pip install -r requirements-presidio.txt."
    )
