"""Vectors from a server: slow, invalid and missing replies have different errors."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from assistant import embedders, wiring
from assistant.embedding import remote as remote_embedder
from assistant.embedding.remote import RemoteEmbedder
from assistant.interfaces import EmbedderUnavailable
from faq.models import Faq, Release
from faq.releases.publishing import NotReady, publish

pytestmark = pytest.mark.slow

KEY = "sk-very-secret"


@dataclass
class Served:
    """An embedding server that does what a test tells it to."""

    embed: Any
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)
    """Status codes of the next replies, before it answers."""
    change: Any = None
    """What becomes of a reply."""


@pytest.fixture
def served(converted):
    answer = Served(lambda texts: converted.embed(texts) * 3.0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer.requests.append(body)
            answer.keys.add(self.headers.get("Authorization", ""))
            status, reply = 200, {}
            if self.path != "/v1/embeddings":
                status = 404
            elif answer.failures:
                status = answer.failures.pop(0)
                reply = {"error": f"{KEY} asked {body['input'][0]}"}
            else:
                vectors = answer.embed(body["input"]).tolist()
                data = [{"index": n, "embedding": v} for n, v in enumerate(vectors)]
                reply = {"data": data[::-1]}
                reply = answer.change(reply) if answer.change else reply
            sent = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *arguments):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    answer.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield answer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def remote(served, monkeypatch):
    monkeypatch.setattr(remote_embedder, "RETRY_DELAYS", (0.01, 0.01))
    return RemoteEmbedder(served.url, "big-model", api_key=KEY)


TEXTS = [f"question {'very ' * (n % 5)}number {n}" for n in range(150)]


def test_many_texts_are_unit_vectors_in_the_order_given_a_batch_at_a_time(
    remote, served, converted
):
    done = []

    vectors = remote.embed(TEXTS, progress=done.append)

    np.testing.assert_allclose(vectors, converted.embed(TEXTS), atol=1e-5)
    assert [len(body["input"]) for body in served.requests] == [64, 64, 22] == done
    assert {body["model"] for body in served.requests} == {"big-model"}
    assert served.keys == {f"Bearer {KEY}"}


def test_its_name_says_which_model_of_which_server(remote, served):
    host = served.url.removeprefix("http://").removesuffix("/v1")

    assert remote.name == f"big-model@{host}"
    assert remote.model == "remote:big-model"
    assert remote.dimension == 384
    assert remote.words == {}
    assert remote.embed([]).shape == (0, 384)


def test_a_batch_is_tried_again_while_that_may_help(remote, served):
    served.failures = [503, 429]

    assert len(remote.embed(TEXTS[:2])) == 2

    assert len(served.requests) == 3


@pytest.mark.parametrize(
    ("failures", "attempts"),
    [
        pytest.param([503] * 9, 3, id="too often: given up"),
        pytest.param([401], 1, id="no key: at once"),
    ],
)
def test_a_batch_that_fails_is_one_line_without_key_or_text(remote, served, failures, attempts):
    served.failures = failures

    with pytest.raises(EmbedderUnavailable, match=f"answers {failures[0]}") as reply:
        remote.embed(TEXTS[:2])

    assert len(served.requests) == attempts
    assert KEY not in str(reply.value)
    assert "question" not in str(reply.value)


def test_a_question_is_asked_once_and_after_three_failures_not_at_all(remote, served):
    served.failures = [503] * 3

    for _ in range(5):
        with pytest.raises(EmbedderUnavailable):
            remote.embed(["Hello"])

    assert len(served.requests) == 3


def test_a_missing_server_is_reported_soon(monkeypatch):
    remote = RemoteEmbedder("http://127.0.0.1:9/v1", "big-model")
    started = time.monotonic()

    with pytest.raises(EmbedderUnavailable, match=r"127.0.0.1:9 does not answer \(ConnectError\)"):
        remote.embed(["Hello"])
    remote.load()

    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda reply: {}, "sent an invalid reply", id="nothing"),
        pytest.param(
            lambda reply: {"data": reply["data"][1:]}, "sent an invalid reply", id="too few"
        ),
        pytest.param(
            lambda reply: {"data": [item | {"embedding": [0.0] * 384} for item in reply["data"]]},
            "sent an invalid reply",
            id="nothing but zeros",
        ),
        pytest.param(
            lambda reply: {
                "data": [item | {"embedding": item["embedding"][:8]} for item in reply["data"]]
            },
            "8 dimensions instead of 384",
            id="another dimension",
        ),
    ],
)
def test_a_reply_that_cannot_be_right_is_refused(remote, served, change, why):
    remote.embed(["Hello"])
    served.change = change

    with pytest.raises(EmbedderUnavailable, match=why):
        remote.embed(["Hello"])


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "host/v1", "http://user:key@host/v1", "http://host/v1?key=1"]
)
def test_an_address_that_is_none_or_holds_a_key_is_refused(url):
    with pytest.raises(ValueError, match="without credentials"):
        RemoteEmbedder(url, "big-model")


# A site with one.


@pytest.fixture
def site(served, settings, monkeypatch, db):
    monkeypatch.setattr(remote_embedder, "RETRY_DELAYS", ())
    settings.EMBEDDINGS_URL, settings.EMBEDDINGS_MODEL = served.url, "big-model"
    settings.EMBEDDINGS_API_KEY = KEY
    yield served
    embedders._remote_at.cache_clear()
    embedders.vector_cache.cache_clear()


def ask(as_role, message):
    return as_role("customer").post("/ask", {"message": message}, format="json")


def test_a_release_of_a_servers_model_says_so_and_answers(site, without_fitting, as_role):
    created = publish(actor="tester", model="remote:big-model")

    answer = ask(as_role, "I forgot my password, how can I reset it?").json()

    assert created.embedder.startswith("big-model@127.0.0.1:")
    assert Release.objects.live().model == "remote:big-model"
    assert (answer["release"], answer["faq_id"]) == (2, "reset-password")


def test_while_the_server_is_down_only_what_needs_it_is_refused(
    site, without_fitting, as_role, client
):
    publish(actor="tester", model="remote:big-model")
    earlier_question = "I forgot my password, how can I reset it?"
    phrasing = wiring.live().current().contents["reset-password"].question
    assert ask(as_role, earlier_question).status_code == 200
    site.failures = [503] * 20

    remembered, itself, other = (
        ask(as_role, message) for message in (earlier_question, phrasing, "Something new?")
    )

    assert remembered.json()["faq_id"] == itself.json()["faq_id"] == "reset-password"
    assert other.status_code == 503
    assert "embedding server" in other.json()["detail"]
    assert KEY not in other.content.decode()
    ready = client.get("/readyz").json()
    assert ready["checks"]["embedder"] == "unavailable"
    changed = Faq.objects.filter(slug="reset-password")
    changed.update(question="Another question?")
    changed.refresh_claims()
    with pytest.raises(NotReady, match="embedding server"):
        publish(actor="tester")
    assert Release.objects.live().number == 2
