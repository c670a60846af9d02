"""The converted model says what the reference says, is made once, and is refused if it does not."""

import csv
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant import bert, kept_graph
from assistant.bert import Unconvertible
from assistant.interfaces import EmbedderUnavailable
from assistant.local_model import LocalModel

ROOT = Path(__file__).resolve().parents[2]


def column(file, name):
    with (ROOT / "data" / file).open(newline="") as opened:
        return [row[name] for row in csv.DictReader(opened)]


def test_on_the_demo_it_finds_what_the_reference_finds(model, converted):
    asked = column("questions.csv", "query")
    faqs = column("faq.csv", "question") + column("faq.csv", "answer")

    by_reference, by_converted = model.embed(asked), converted.embed(asked)

    cosines = np.einsum("ij,ij->i", by_reference, by_converted)
    assert cosines.min() >= 0.999
    np.testing.assert_allclose(by_converted, by_reference, atol=1e-3)
    closest = (by_reference @ model.embed(faqs).T).argmax(axis=1)
    assert np.mean((by_converted @ converted.embed(faqs).T).argmax(axis=1) == closest) >= 0.995


def test_it_has_the_references_name_and_words(model, converted):
    assert converted.name == model.name
    assert converted.words == model.words
    assert converted.told == "ONNX Runtime, at a glance first"


def test_questions_of_many_threads_share_runs_and_get_the_same_vectors(converted):
    texts = [f"{'word ' * (n * 37 % 90)}question {n}" for n in range(24)]
    expected = converted.embed(texts)
    wrong = []

    def embed(worker):
        for n in range(8):
            place = (n * worker) % len(texts)
            if not np.allclose(converted.embed([texts[place]])[0], expected[place], atol=1e-5):
                wrong.append(place)

    threads = [threading.Thread(target=embed, args=(worker,)) for worker in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_a_child_of_a_process_that_has_embedded_embeds_too(converted):
    texts = ["How do I reset my password?", "Where is my parcel?"]
    expected = converted.embed(texts)

    child = os.fork()
    if child == 0:
        same = np.array_equal(converted.embed(texts), expected)
        one = np.allclose(converted.embed(texts[:1])[0], expected[0], atol=1e-5)
        os._exit(0 if same and one else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


# Made once, at set-up.


def kept_files(folder):
    return sorted(file.suffix for file in folder.iterdir())


def test_it_is_made_once_and_reused(small_model, tmp_path):
    first = LocalModel(small_model, backend="onnx", kept=tmp_path)
    vectors = first.embed(["Hello", "there"])
    (graph,) = tmp_path.glob("*.onnx")
    before = graph.stat()

    again = LocalModel(small_model, backend="onnx", kept=tmp_path)

    np.testing.assert_array_equal(again.embed(["Hello", "there"]), vectors)
    assert graph.stat() == before
    assert kept_files(tmp_path) == [".json", ".lock", ".onnx"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda graph: graph.write_bytes(graph.read_bytes()[:-9]), id="cut off"),
        pytest.param(lambda graph: graph.unlink(), id="gone"),
        pytest.param(lambda graph: graph.with_suffix(".json").write_text("{"), id="no record"),
    ],
)
def test_a_damaged_one_is_made_again(small_model, tmp_path, damage):
    LocalModel(small_model, backend="onnx", kept=tmp_path).load()
    (graph,) = tmp_path.glob("*.onnx")
    whole = graph.read_bytes()
    damage(graph)

    LocalModel(small_model, backend="onnx", kept=tmp_path).load()

    assert graph.read_bytes() == whole


MAKE = """
import sys
from pathlib import Path
from assistant.local_model import LocalModel
local = LocalModel(sys.argv[1], backend="onnx", kept=Path(sys.argv[2]))
print(local.embed(["Hello"]).shape, "torch" in sys.modules)
"""


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", MAKE, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_make_it_once_and_later_ones_need_no_torch(small_model, tmp_path):
    pair = [started(small_model, str(tmp_path)) for _ in range(2)]
    made = sorted(process.communicate()[0] for process in pair)
    later = started(small_model, str(tmp_path)).communicate()[0]

    assert made == ["(1, 32) False\n", "(1, 32) True\n"]
    assert later == "(1, 32) False\n"
    assert kept_files(tmp_path) == [".json", ".lock", ".onnx"]


# What cannot be converted, or does not agree.


def test_one_that_disagrees_is_refused_and_not_tried_again(small_model, tmp_path, monkeypatch):
    monkeypatch.setattr(bert.Graph, "_averaged", first_token_only)

    local = LocalModel(small_model, backend="auto", kept=tmp_path)
    vectors = local.embed(["Hello"])

    assert "sentence-transformers (its converted vectors differ: cosine 0." in local.told
    np.testing.assert_array_equal(vectors, local._reference.embed(["Hello"]))
    assert kept_files(tmp_path) == [".json", ".lock"]
    monkeypatch.setattr(kept_graph, "_made", None)
    with pytest.raises(EmbedderUnavailable, match="EMBEDDING_BACKEND=auto allows the reference"):
        LocalModel(small_model, backend="onnx", kept=tmp_path).load()


def first_token_only(graph, x):
    """Another pooling than the model's: vectors that look right and are not."""
    first = graph._constant("first", np.array(0, dtype=np.int64))
    token = graph._node("Gather", [x, first], axis=1)
    length = graph._node("ReduceL2", [token], axes=[1], keepdims=1)
    graph._node("Div", [token, length], "vectors")


def edited(model, to, file, change):
    """A copy of the model's folder with one of its JSON files changed."""
    import shutil

    shutil.copytree(model, to, dirs_exist_ok=True)
    told = json.loads((to / file).read_text())
    (to / file).write_text(json.dumps(change(told)))
    return to


@pytest.mark.parametrize(
    ("file", "change", "why"),
    [
        pytest.param(
            "config.json", lambda told: told | {"model_type": "mpnet"}, "model_type", id="no BERT"
        ),
        pytest.param(
            "config.json", lambda told: told | {"hidden_act": "relu"}, "hidden_act", id="not gelu"
        ),
        pytest.param(
            "modules.json",
            lambda told: [*told, {"type": "x.Dense", "path": "2_Dense"}],
            "its parts are Transformer, Pooling, Dense",
            id="another layer",
        ),
        pytest.param("modules.json", lambda told: [], "its parts are", id="no parts"),
        pytest.param("config.json", lambda told: [], "cannot be read", id="nonsense"),
    ],
)
def test_another_kind_of_model_is_told_and_left_to_the_reference(
    small_model, tmp_path, file, change, why
):
    folder = edited(small_model, tmp_path / "model", file, change)

    with pytest.raises(Unconvertible, match=why):
        bert.shape_of(folder)


def test_a_folder_that_cannot_be_written_leaves_it_to_the_reference(small_model, tmp_path):
    taken = tmp_path / "a file"
    taken.write_text("")

    local = LocalModel(small_model, backend="auto", kept=taken / "models")
    local.load()

    assert local.told.startswith("sentence-transformers (")


def test_the_reference_is_used_where_it_is_asked_for(small_model, tmp_path):
    local = LocalModel(small_model, backend="reference", kept=tmp_path)
    local.load()

    assert local.told == "sentence-transformers (as set)"
    assert not list(tmp_path.iterdir())
