"""Names and places, which no rule can tell: found by Presidio where PRESIDIO_MODEL says so.

The only module that imports Presidio and spaCy, and only once they are needed: neither belongs to
what the site installs by itself (``requirements-presidio.txt``).
"""

from __future__ import annotations

import logging
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audit.privacy.redaction import Kind, Span

LANGUAGE = "en"

NAMES = {"PERSON": "[PERSON]", "LOCATION": "[PLACE]"}
DATA = {
    "EMAIL_ADDRESS": Kind.EMAIL,
    "PHONE_NUMBER": Kind.PHONE,
    "CREDIT_CARD": Kind.CARD,
    "IBAN_CODE": Kind.IBAN,
    "IP_ADDRESS": Kind.IP,
}
"""What Presidio finds of what our own rules find; it knows no CNIC."""

BLANK = "blank:"
"""Before a language: a pipeline that knows the language's words and no names."""

_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")


class NotInstalled(Exception):
    """One line that says what is missing."""


def missing(model: str) -> str:
    """What has to be installed first; empty if nothing. Imports nothing."""
    if find_spec("presidio_analyzer") is None:
        return "Presidio is not installed: pip install -r requirements-presidio.txt"
    if not (model.startswith(BLANK) or Path(model).exists() or find_spec(model)):
        return f"there is no spaCy model {model}: python -m spacy download {model}"
    return ""


class Presidio:
    """Presidio with one spaCy pipeline, by name or loaded already. Raises ``NotInstalled``."""

    def __init__(self, model: str | Any, *, region: str) -> None:
        if isinstance(model, str) and (lacking := missing(model)):
            raise NotInstalled(lacking)
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import PhoneRecognizer

        # Its own way of loading would download a model that is not here.
        engine = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration())
        engine.nlp = {LANGUAGE: _pipeline(model) if isinstance(model, str) else model}
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=[LANGUAGE], nlp_engine=engine)
        registry.remove_recognizer("PhoneRecognizer")
        regions = (region, *PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS)
        registry.add_recognizer(PhoneRecognizer(supported_regions=regions))
        _keep_quiet()
        self._analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE]
        )

    def mask(self, text: str) -> str:
        """``text`` with ``[PERSON]`` and ``[PLACE]`` where names stood."""
        kept = [found.span() for found in _PLACEHOLDER.finditer(text)]
        pieces, end = [], 0
        for start, stop, entity in self._found(text, NAMES):
            if start < end or any(start < last and first < stop for first, last in kept):
                continue
            pieces += [text[end:start], NAMES[entity]]
            end = stop
        return "".join(pieces) + text[end:]

    def find_data(self, text: str) -> list[Span]:
        """What it finds of the kinds that ``audit.privacy.redaction`` finds, to compare the two."""
        return [Span(start, end, DATA[entity]) for start, end, entity in self._found(text, DATA)]

    def _found(self, text: str, entities: dict[str, Any]) -> list[tuple[int, int, str]]:
        found = self._analyzer.analyze(text, language=LANGUAGE, entities=list(entities))
        return sorted((each.start, each.end, each.entity_type) for each in found)


def _keep_quiet() -> None:
    """Presidio warns of every label that it does not use, and fetches a list of domain suffixes,
    of which tldextract brings a copy."""
    import tldextract.tldextract

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())


@cache
def loaded(model: str, region: str) -> Presidio:
    """One for the process: loading takes seconds."""
    return Presidio(model, region=region)


def _pipeline(model: str) -> Any:
    import spacy

    if model.startswith(BLANK):
        return spacy.blank(model.removeprefix(BLANK))
    return spacy.load(model)
