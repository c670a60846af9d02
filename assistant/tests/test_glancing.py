"""A glance is a quicker vector, a little off: good enough where it makes a decision clear."""

from __future__ import annotations

import csv
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from assistant import glancing, kept_graph, wiring
from assistant.deciding import MATCHES, consider
from assistant.local_model import LocalModel

DEMO = Path(__file__).resolve().parents[2] / "data" / "questions.csv"


def questions():
    with DEMO.open(newline="") as opened:
        return [row["query"] for row in csv.DictReader(opened)]


@pytest.mark.django_db
def test_on_the_demo_what_is_clear_at_a_glance_is_decided_as_by_the_exact_vectors():
    call_command("ingest", verbosity=0)
    release = wiring.live().current()
    policy = wiring.policy(release)

    def decided(question, glance=None):
        return consider(
            question,
            policy,
            lambda text: release.find(text, release.vector(text)[0], limit=MATCHES),
            mend=release.mend,
            english_only=True,
            known=release.words,
            glance=glance,
        )

    def glance(text):
        return release.find(text, release.glance(text)[0], limit=MATCHES)

    at_a_glance = [(each, decided(each, glance)) for each in questions()]
    clear = [(each, decision) for each, decision in at_a_glance if decision.glanced]

    for question, decision in clear:
        exact = decided(question)
        assert (decision.reason, decision.closest.faq_id) == (exact.reason, exact.closest.faq_id)
    assert len(clear) >= 0.5 * len(at_a_glance)


def test_it_is_close_to_the_exact_vector(converted):
    texts = questions()

    glances = np.array([converted.glance(text) for text in texts])

    cosines = np.einsum("ij,ij->i", glances, converted.embed(texts))
    assert cosines.min() > 0.99
    assert np.median(cosines) > 0.998


def test_it_depends_on_nothing_but_the_text(converted):
    texts = questions()[:24]
    expected = [converted.glance(text) for text in texts]
    wrong = []

    def look(worker):
        for turn in range(len(texts)):
            place = (turn * 7 + worker) % len(texts)
            if not np.array_equal(converted.glance(texts[place]), expected[place]):
                wrong.append(place)

    threads = [threading.Thread(target=look, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_a_child_of_a_process_that_has_glanced_glances_too(converted):
    expected = converted.glance("Where is my parcel?")

    child = os.fork()
    if child == 0:
        same = np.array_equal(converted.glance("Where is my parcel?"), expected)
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


# Made once, at set-up.


def local(small_model, folder, **how):
    return LocalModel(small_model, **{"backend": "onnx", "kept": folder, "glances": True, **how})


def test_it_is_made_once_and_reused(small_model, tmp_path, monkeypatch):
    first = local(small_model, tmp_path).glance("Hello there")
    assert list(tmp_path.glob("*-glance.onnx"))
    monkeypatch.setattr(kept_graph, "_made", None)

    again = local(small_model, tmp_path)

    np.testing.assert_array_equal(again.glance("Hello there"), first)
    assert again.told == "ONNX Runtime, at a glance first"


def test_a_damaged_one_is_made_again(small_model, tmp_path):
    first = local(small_model, tmp_path).glance("Hello there")
    (graph,) = tmp_path.glob("*-glance.onnx")
    graph.write_bytes(graph.read_bytes()[:-9])

    np.testing.assert_array_equal(local(small_model, tmp_path).glance("Hello there"), first)


def test_one_that_is_too_far_off_is_refused_and_not_tried_again(small_model, tmp_path, monkeypatch):
    monkeypatch.setattr(glancing, "SLACK", 0.0)

    exact = local(small_model, tmp_path)
    vector = exact.embed(["Hello"])[0]

    assert exact.glance("Hello") is None
    assert "ONNX Runtime, without glances (only " in exact.told
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert not list(tmp_path.glob("*-glance.onnx"))
    monkeypatch.setattr(kept_graph, "_made", None)
    assert local(small_model, tmp_path).glance("Hello") is None


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"glances": False}, id="not wanted"),
        pytest.param({"backend": "reference"}, id="computed by the reference"),
    ],
)
def test_nobody_glances_who_should_not(small_model, tmp_path, how):
    exact = local(small_model, tmp_path, **how)

    assert exact.glance("Hello") is None
    assert not list(tmp_path.glob("*-glance.*"))
