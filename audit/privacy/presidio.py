"""Names and places, which no pattern recognises: Presidio, where PRESIDIO_MODEL is set.

The only module that imports Presidio and spaCy, and only when needed: neither is part of the
default installation (see ``requirements-presidio.txt``).
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
"""Kinds that both Presidio and our own rules recognise; Presidio has no CNIC."""

BLANK = "blank:"
"""Prefix of a language code: a pipeline with a tokenizer and no name recognition."""

_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")


class NotInstalled(Exception):
    """One line that says what is missing."""


def missing(model: str) -> str:
    """What has to be installed first; empty if nothing. Does not import Presidio."""
    if find_spec("presidio_analyzer") is None:
        return "Presidio is not installed: pip install -r requirements-presidio.txt"
    if not (model.startswith(BLANK) or Path(model).exists() or find_spec(model)):
        return f"there is no spaCy model {model}: python -m spacy download {model}"
    return ""


class Presidio:
    """Presidio with one spaCy pipeline, by name or loaded already. Raises ``NotInstalled``."""

    def __init__(self, model: str | Any, *, region: str) -> None:
        if isinstance(model, str) and (problem := missing(model)):
            raise NotInstalled(problem)
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import PhoneRecognizer

        # The default way of loading would download a missing model.
        engine = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration())
        engine.nlp = {LANGUAGE: _pipeline(model) if isinstance(model, str) else model}
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=[LANGUAGE], nlp_engine=engine)
        registry.remove_recognizer("PhoneRecognizer")
        regions = (region, *PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS)
        registry.add_recognizer(PhoneRecognizer(supported_regions=regions))
        _silence()
        self._analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE]
        )

    def mask(self, text: str) -> str:
        """``text`` with names and places replaced by ``[PERSON]`` and ``[PLACE]``."""
        placeholders = [match.span() for match in _PLACEHOLDER.finditer(text)]
        pieces, end = [], 0
        for start, stop, entity in self._entities(text, NAMES):
            if start < end or any(start < last and first < stop for first, last in placeholders):
                continue
            pieces += [text[end:start], NAMES[entity]]
            end = stop
        return "".join(pieces) + text[end:]

    def find_data(self, text: str) -> list[Span]:
        """Spans of the kinds that ``audit.privacy.redaction`` finds too, to compare the two."""
        return [Span(start, end, DATA[entity]) for start, end, entity in self._entities(text, DATA)]

    def _entities(self, text: str, entities: dict[str, Any]) -> list[tuple[int, int, str]]:
        results = self._analyzer.analyze(text, language=LANGUAGE, entities=list(entities))
        return sorted((result.start, result.end, result.entity_type) for result in results)


def _silence() -> None:
    """Presidio warns of every unused label, and downloads a list of domain suffixes although
    tldextract includes a copy."""
    import tldextract.tldextract

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())


@cache
def loaded(model: str, region: str) -> Presidio:
    """Shared by the process: loading takes seconds."""
    return Presidio(model, region=region)


def _pipeline(model: str) -> Any:
    import spacy

    if model.startswith(BLANK):
        return spacy.blank(model.removeprefix(BLANK))
    return spacy.load(model)
