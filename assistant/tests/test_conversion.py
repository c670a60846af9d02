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
from django.conf import settings

from assistant import embedders
from assistant.embedding import conversion
from assistant.embedding.local import LocalModel
from assistant.embedding.model_files import Precision
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.tests.model_caches import forget_models

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CONVERTED = settings.CONVERTED_MODELS


def column(file, name):
    with (ROOT / "data" / file).open(newline="") as opened:
        return [row[name] for row in csv.DictReader(opened)]


@pytest.fixture(scope="module")
def exact():
    """The bundled model in fp32."""
    return LocalModel("all-MiniLM-L6-v2", converted_models=CONVERTED)


@pytest.fixture(scope="module")
def exact_vectors(exact):
    """Of the demo's test questions."""
    return exact.embed(column("questions.csv", "query"))


@pytest.fixture(scope="module")
def converted_vectors(converted):
    return converted.embed(column("questions.csv", "query"))


def test_in_fp32_it_computes_the_vectors_of_the_reference(model, exact_vectors):
    expected = model.embed(column("questions.csv", "query"))

    assert np.einsum("ij,ij->i", expected, exact_vectors).min() >= 0.9999


def test_in_eight_bits_it_is_close_to_fp32(exact_vectors, converted_vectors):
    cosines = np.einsum("ij,ij->i", exact_vectors, converted_vectors)

    assert cosines.min() > 0.99
    assert np.median(cosines) > 0.998


def test_in_eight_bits_it_names_as_many_first_faqs_as_in_fp32(
    exact, converted, exact_vectors, converted_vectors
):
    faqs, ids = column("faq.csv", "question"), np.array(column("faq.csv", "id"))
    expected = column("questions.csv", "expected_id")

    def correct(embedder, vectors):
        first = (vectors @ embedder.embed(faqs).T).argmax(axis=1)
        return np.mean(ids[first] == expected)

    assert correct(converted, converted_vectors) >= correct(exact, exact_vectors) - 0.02


def test_fp32_has_the_name_of_the_reference_and_eight_bits_a_name_of_their_own(
    model, exact, converted
):
    assert exact.name == model.name
    assert converted.name == f"{model.name}-int8"
    assert converted.words == exact.words == model.words
    assert converted.check() == f"{converted.name} on ONNX Runtime (int8)"


def test_a_vector_depends_on_nothing_but_its_text(converted):
    texts = [f"{'word ' * (n * 37 % 90)}question {n}" for n in range(24)]
    expected = converted.embed(texts)
    wrong = []

    def embed(worker):
        for n in range(8):
            place = (n * worker) % len(texts)
            if not np.array_equal(converted.embed([texts[place]])[0], expected[place]):
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
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


# Converted once, at set-up.


def files_in(folder):
    return sorted(file.suffix for file in folder.iterdir())


def test_it_is_converted_once_and_reused(small_model, tmp_path):
    first = LocalModel(small_model, converted_models=tmp_path)
    vectors = first.embed(["Hello", "there"])
    (graph,) = tmp_path.glob("*.onnx")
    before = graph.stat()

    again = LocalModel(small_model, converted_models=tmp_path)

    np.testing.assert_array_equal(again.embed(["Hello", "there"]), vectors)
    assert graph.stat() == before
    assert files_in(tmp_path) == [".json", ".lock", ".onnx"]


@pytest.fixture(scope="module")
def small_graph(small_model, tmp_path_factory):
    """The converted small model, in a folder with nothing else."""
    folder = tmp_path_factory.mktemp("converted")
    LocalModel(small_model, converted_models=folder).load()
    (graph,) = folder.glob("*.onnx")
    return graph


@pytest.fixture
def graph(small_graph, tmp_path):
    """A copy of it."""
    shutil.copytree(small_graph.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / small_graph.name


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda graph: graph.write_bytes(graph.read_bytes()[:-9]), id="cut off"),
        pytest.param(lambda graph: graph.unlink(), id="gone"),
        pytest.param(lambda graph: graph.with_suffix(".json").write_text("{"), id="no record"),
    ],
)
def test_a_damaged_file_is_converted_again(small_model, small_graph, graph, damage):
    damage(graph)

    LocalModel(small_model, converted_models=graph.parent).load()

    assert graph.read_bytes() == small_graph.read_bytes()


def test_files_of_an_earlier_conversion_are_deleted(small_model, graph, tmp_path):
    other_model = tmp_path / "0123456789abcdef-2-1.0.0-fp32.onnx"
    other_model.write_bytes(b"of another model")
    for file in (graph, graph.with_suffix(".json"), graph.with_suffix(".lock")):
        file.rename(tmp_path / file.name.replace(f"-{conversion.VERSION}-", "-1-"))

    LocalModel(small_model, converted_models=tmp_path).load()

    assert {file.name for file in tmp_path.glob("*.onnx")} == {graph.name, other_model.name}
    assert len(list(tmp_path.glob(f"{graph.stem.split('-')[0]}*"))) == 3


CONVERT = """
import sys
from pathlib import Path
from assistant.embedding.local import LocalModel
from assistant.embedding.model_files import Precision
local = LocalModel(sys.argv[1], converted_models=Path(sys.argv[2]))
print("ready", flush=True)
print(local.embed(["Hello"]).shape, "torch" in sys.modules)
"""


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", CONVERT, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_comes_while_another_converts_waits_and_needs_no_torch(
    small_model, tmp_path, monkeypatch
):
    export, waiting = SentenceTransformerEmbedder.export, []

    def export_while_another_waits(self, graph):
        waiting.append(started(small_model, str(tmp_path)))
        waiting[0].stdout.readline()
        export(self, graph)

    monkeypatch.setattr(SentenceTransformerEmbedder, "export", export_while_another_waits)
    LocalModel(small_model, converted_models=tmp_path).load()

    assert waiting[0].communicate()[0] == "(1, 32) False\n"
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
    local = LocalModel(prompting_model, converted_models=folder)
    vectors = local.embed(["Hello"])

    expected = SentenceTransformerEmbedder(prompting_model).embed(["Hello"])
    assert "sentence-transformers (its converted vectors differ: lowest cosine " in (local.check())
    np.testing.assert_array_equal(vectors, expected)
    assert files_in(folder) == [".json", ".lock"]
    monkeypatch.delattr(SentenceTransformerEmbedder, "export")
    again = LocalModel(prompting_model, converted_models=folder)
    again.load()
    assert again.check() == local.check()


def test_eight_bits_that_are_too_far_off_are_refused_and_a_new_release_uses_fp32(
    small_model, tmp_path, monkeypatch, settings
):
    settings.CONVERTED_MODELS, settings.LOCAL_EMB_MODEL = tmp_path, small_model
    monkeypatch.setitem(conversion.MIN_COSINE, Precision.INT8, 1.1)
    forget_models()

    chosen = embedders.local_model()
    chosen.load()

    assert chosen.check().endswith(" on ONNX Runtime (fp32)")
    assert "-int8" not in chosen.name
    assert [file.stem[-4:] for file in tmp_path.glob("*.onnx")] == ["fp32"]
    forget_models()


def test_a_model_with_another_pooling_is_converted_too(small_model, tmp_path):
    folder = tmp_path / "first token"
    shutil.copytree(small_model, folder)
    pooling = folder / "1_Pooling" / "config.json"
    reply = json.loads(pooling.read_text())
    changed = {name: name == "pooling_mode_cls_token" for name in reply if "_mode_" in name}
    pooling.write_text(json.dumps(reply | changed | {"pooling_mode": "cls"}))

    local = LocalModel(str(folder), converted_models=tmp_path / "converted")
    vectors = local.embed(["Hello there", "Where is my parcel?"])

    expected = SentenceTransformerEmbedder(str(folder)).embed(
        ["Hello there", "Where is my parcel?"]
    )
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_model_that_cannot_be_exported_is_left_to_the_reference(
    small_model, tmp_path, monkeypatch
):
    folder = tmp_path / "no tokenizer"
    shutil.copytree(small_model, folder)
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)))
    (folder / "tokenizer.json").unlink()

    def model():
        return LocalModel(str(folder), converted_models=tmp_path / "converted")

    assert model().needs_conversion
    local = model()
    local.load()

    assert " on sentence-transformers (the converted model" in local.check()

    # The failure is remembered, so the next start does not try again.
    monkeypatch.delattr(SentenceTransformerEmbedder, "export")
    assert not model().needs_conversion
    again = model()
    again.load()
    assert again.check() == local.check()


def test_a_folder_that_cannot_be_written_leaves_it_to_the_reference(small_model, tmp_path):
    file = tmp_path / "a file"
    file.write_text("")

    local = LocalModel(small_model, converted_models=file / "models")
    local.load()

    assert " on sentence-transformers (" in local.check()
