"""Make a model able to glance: convert it once to 8 bits, and check what that costs in accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant import bert_glance
from assistant.bert import Unconvertible
from assistant.clear import SLACK
from assistant.converting import TEXTS, key_of
from assistant.interfaces import EmbedderUnavailable
from assistant.kept_graph import Verdict, keep
from assistant.model_files import ModelFiles
from assistant.onnx_embedder import OnnxEmbedder

WITHIN_SLACK = 0.95
"""The least share of similarities that are off by no more than ``clear.SLACK``."""

QUESTIONS = (
    "How do I reset my password?",
    "I forgot my password and the mail never arrives",
    "where is my order",
    "My parcel says delivered but it is not here",
    "Can I change the delivery address after ordering?",
    "how long does shipping to Canada take",
    "What does express shipping cost?",
    "Can I return an opened item?",
    "I want my money back",
    "When will I get my refund?",
    "which payment methods do you accept",
    "Can I pay by invoice or in instalments?",
    "I was charged twice for the same order",
    "My card was declined, what now?",
    "How do I cancel my subscription?",
    "upgrade from the free plan to premium",
    "Do you have a discount for students?",
    "my voucher code does not work",
    "How can I download an invoice?",
    "change the email address of my account",
    "delete my account and all my data",
    "What do you do with my personal data?",
    "How do I turn on two-factor authentication?",
    "the app crashes when I open it",
    "I can't log in on my new phone",
    "Is there a desktop version for Linux?",
    "export all my contacts to a spreadsheet",
    "How do I invite a colleague to my team?",
    "what are your opening hours",
    "Can I talk to a person, please?",
    "is the warranty valid abroad",
    "The colour is not as on the picture",
    "What size should I order?",
    "do you ship to PO boxes",
    "How much baggage may I take?",
    "set an alarm for seven in the morning",
    "what is the weather like in Paris",
    "Why is my balance negative after a top up?",
    "exchange rate for euros on the weekend",
    "the quick brown fox jumps over the lazy dog",
)
"""Whose similarities with each other are compared."""


def open_glance(exact: OnnxEmbedder, files: ModelFiles, kept: Path) -> None:
    """Let ``exact`` glance, by what the folder ``kept`` holds or what is made there first.

    Raises ``Unconvertible`` if it cannot be made, or is too far off to be of use.
    """
    graph = kept / f"{key_of(files, bert_glance.VERSION)}-glance.onnx"

    def make(to: Path) -> Verdict:
        seeing = to.with_name("seeing.onnx")
        names = bert_glance.write_seeing(files.folder, seeing)
        sizes = exact.sizes_seen(seeing, names, TEXTS)
        bert_glance.write(files.folder, dict(zip(names, sizes, strict=True)), to)
        exact.load_glance(to)
        return _verdict(exact)

    try:
        record = keep(graph, files.name, make)
        exact.load_glance(None if record.refused else graph)
    except OSError as failure:
        raise Unconvertible(f"{kept} cannot be written ({failure.strerror})") from failure
    except EmbedderUnavailable as failure:
        raise Unconvertible(str(failure)) from failure
    if record.refused:
        raise Unconvertible(record.refused)


def _verdict(embedder: OnnxEmbedder) -> Verdict:
    exact = embedder.embed(QUESTIONS)
    glances = np.array([embedder.glance(question) for question in QUESTIONS])
    off = np.abs(glances @ exact.T - exact @ exact.T)
    within = float((off <= SLACK).mean())
    cosine = float(np.einsum("ij,ij->i", glances, exact).min())
    # Written so that nan fails too.
    if within >= WITHIN_SLACK:
        return Verdict(cosine)
    return Verdict(cosine, f"only {within:.0%} of its similarities are within {SLACK} at a glance")
