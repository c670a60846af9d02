"""The converted model computes the reference's vectors, is converted once, or is refused."""

import csv
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding.local import LocalModel
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable

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


def test_it_has_the_name_and_words_of_the_reference(model, converted):
    assert converted.name == model.name
    assert converted.words == model.words
    assert converted.backend_description == "ONNX Runtime"


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


# Converted once, at set-up.


def files_in(folder):
    return sorted(file.suffix for file in folder.iterdir())


def test_it_is_converted_once_and_reused(small_model, tmp_path):
    first = LocalModel(small_model, backend="onnx", converted_models=tmp_path)
    vectors = first.embed(["Hello", "there"])
    (graph,) = tmp_path.glob("*.onnx")
    before = graph.stat()

    again = LocalModel(small_model, backend="onnx", converted_models=tmp_path)

    np.testing.assert_array_equal(again.embed(["Hello", "there"]), vectors)
    assert graph.stat() == before
    assert files_in(tmp_path) == [".json", ".lock", ".onnx"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda graph: graph.write_bytes(graph.read_bytes()[:-9]), id="cut off"),
        pytest.param(lambda graph: graph.unlink(), id="gone"),
        pytest.param(lambda graph: graph.with_suffix(".json").write_text("{"), id="no record"),
    ],
)
def test_a_damaged_file_is_converted_again(small_model, tmp_path, damage):
    LocalModel(small_model, backend="onnx", converted_models=tmp_path).load()
    (graph,) = tmp_path.glob("*.onnx")
    whole = graph.read_bytes()
    damage(graph)

    LocalModel(small_model, backend="onnx", converted_models=tmp_path).load()

    assert graph.read_bytes() == whole


CONVERT = """
import sys
from pathlib import Path
from assistant.embedding.local import LocalModel
local = LocalModel(sys.argv[1], backend="onnx", converted_models=Path(sys.argv[2]))
print(local.embed(["Hello"]).shape, "torch" in sys.modules)
"""


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", CONVERT, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_convert_it_once_and_later_ones_need_no_torch(small_model, tmp_path):
    pair = [started(small_model, str(tmp_path)) for _ in range(2)]
    made = sorted(process.communicate()[0] for process in pair)
    later = started(small_model, str(tmp_path)).communicate()[0]

    assert made == ["(1, 32) False\n", "(1, 32) True\n"]
    assert later == "(1, 32) False\n"
    assert files_in(tmp_path) == [".json", ".lock", ".onnx"]


# What cannot be converted, or does not agree.


@pytest.fixture
def prompting_model(small_model, tmp_path):
    """A model that puts a prompt before each text, which the exported graph cannot."""
    folder = tmp_path / "prompting"
    shutil.copytree(small_model, folder)
    settings = folder / "config_sentence_transformers.json"
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | prompts))
    return str(folder)


def test_one_that_disagrees_is_refused_and_not_tried_again(prompting_model, tmp_path, monkeypatch):
    folder = tmp_path / "converted"
    local = LocalModel(prompting_model, backend="auto", converted_models=folder)
    vectors = local.embed(["Hello"])

    expected = SentenceTransformerEmbedder(prompting_model).embed(["Hello"])
    assert "sentence-transformers (its converted vectors differ: cosine " in (
        local.backend_description
    )
    np.testing.assert_array_equal(vectors, expected)
    assert files_in(folder) == [".json", ".lock"]
    monkeypatch.delattr(SentenceTransformerEmbedder, "export")
    with pytest.raises(EmbedderUnavailable, match="EMBEDDING_BACKEND=auto allows the reference"):
        LocalModel(prompting_model, backend="onnx", converted_models=folder).load()


def test_a_model_with_another_pooling_is_converted_too(small_model, tmp_path):
    folder = tmp_path / "first token"
    shutil.copytree(small_model, folder)
    pooling = folder / "1_Pooling" / "config.json"
    told = json.loads(pooling.read_text())
    changed = {name: name == "pooling_mode_cls_token" for name in told if "_mode_" in name}
    pooling.write_text(json.dumps(told | changed | {"pooling_mode": "cls"}))

    local = LocalModel(str(folder), backend="onnx", converted_models=tmp_path / "converted")
    vectors = local.embed(["Hello there", "Where is my parcel?"])

    expected = SentenceTransformerEmbedder(str(folder)).embed(
        ["Hello there", "Where is my parcel?"]
    )
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_model_that_cannot_be_exported_is_left_to_the_reference(small_model, tmp_path):
    folder = tmp_path / "no tokenizer"
    shutil.copytree(small_model, folder)
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)))
    (folder / "tokenizer.json").unlink()

    local = LocalModel(str(folder), backend="auto", converted_models=tmp_path / "converted")
    local.load()

    assert local.backend_description.startswith("sentence-transformers (the converted model")


def test_a_folder_that_cannot_be_written_leaves_it_to_the_reference(small_model, tmp_path):
    taken = tmp_path / "a file"
    taken.write_text("")

    local = LocalModel(small_model, backend="auto", converted_models=taken / "models")
    local.load()

    assert local.backend_description.startswith("sentence-transformers (")


def test_the_reference_is_used_where_it_is_set(small_model, tmp_path):
    local = LocalModel(small_model, backend="reference", converted_models=tmp_path)
    local.load()

    assert local.backend_description == "sentence-transformers (as set)"
    assert not list(tmp_path.iterdir())
