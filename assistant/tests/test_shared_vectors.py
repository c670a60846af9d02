"""Processes and machines share the vectors of questions in a Redis, which learns no question."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress

import numpy as np
import pytest
import redis
from prometheus_client import REGISTRY

from assistant import shared_vectors, wiring
from assistant.fakes import HashEmbedder
from assistant.shared_vectors import SharedVectors
from assistant.tests.test_vector_cache import CountingEmbedder
from assistant.vector_cache import VectorCache

SECRET, QUESTION = "s" * 32, "Where is my order 4111111111111111?"


class Server:
    """A real Redis, to ask, to kill and to start again on the same port."""

    def __init__(self, folder, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis.from_url(self.url)
        self._command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self._folder = folder
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=subprocess.DEVNULL)
        for _ in range(200):
            with suppress(redis.RedisError):
                self.client.ping()
                return
            time.sleep(0.05)
        raise AssertionError("redis-server does not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    assert shutil.which("redis-server"), "install redis-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = Server(tmp_path_factory.mktemp("redis"), port)
    yield started
    started.client.close()
    started.kill()


@pytest.fixture
def there(server, monkeypatch):
    """The same, empty, and with patience: this machine may be busy."""
    monkeypatch.setattr(shared_vectors, "SECONDS", 5.0)
    server.client.flushall()
    return server


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("assistant_shared_vectors_total", {"result": result}) or 0.0


def process(server, embedder=None, secret=SECRET) -> VectorCache:
    """What one process of one machine has."""
    return VectorCache(embedder or HashEmbedder(), shared=SharedVectors(server.url, secret))


class TestShared:
    def test_what_one_process_embedded_another_need_not(self, there):
        other = CountingEmbedder()
        vector, remembered = process(there).embed_one(QUESTION)

        found, remembered_there = process(there, other).embed_one(f"  {QUESTION} ")

        assert (remembered, remembered_there) == (False, True)
        assert other.embedded == []
        np.testing.assert_array_equal(found, vector)
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 1.0

    def test_it_is_looked_for_once(self, there):
        process(there).embed_one(QUESTION)
        cache, before = process(there), counted("found")
        for _ in range(3):
            cache.embed_one(QUESTION)

        assert counted("found") == before + 1

    def test_another_model_has_other_vectors(self, there):
        class Other(CountingEmbedder):
            name = "another@1"

        other = Other()
        process(there).embed_one(QUESTION)

        assert not process(there, other).embed_one(QUESTION)[1]
        assert len(other.embedded) == 1

    def test_redis_learns_nothing_that_was_asked_and_cannot_try_a_guess(self, there):
        process(there).embed_one(QUESTION)
        process(there, secret="t" * 32).embed_one(QUESTION)

        keys = there.client.keys()

        # One question and one model, two secrets: two keys.
        assert len(keys) == 2
        for key in keys:
            kept = key + there.client.get(key)
            assert b"4111111111111111" not in kept
            assert HashEmbedder().name.encode() not in kept

    def test_it_is_forgotten_after_a_day(self, there):
        process(there).embed_one(QUESTION)

        (key,) = there.client.keys()

        assert 0 < there.client.ttl(key) <= 24 * 3600

    @pytest.mark.parametrize(
        "garble",
        [
            pytest.param(lambda kept: b"", id="nothing"),
            pytest.param(lambda kept: b"garbage", id="shorter than its seal"),
            pytest.param(lambda kept: kept[:-4], id="a dimension less"),
            pytest.param(lambda kept: kept[:-1], id="cut within a number"),
            pytest.param(lambda kept: kept[:-4] + b"\x00\x00\xc0\x7f", id="nan"),
            pytest.param(lambda kept: kept[:16] + kept[20:] + kept[16:20], id="turned"),
        ],
    )
    def test_what_we_did_not_write_is_counted_embedded_and_written_anew(self, there, garble):
        process(there).embed_one(QUESTION)
        (key,) = there.client.keys()
        kept = there.client.get(key)
        there.client.set(key, garble(kept))
        before = counted("damaged")

        vector, remembered = process(there).embed_one(QUESTION)

        assert not remembered
        np.testing.assert_array_equal(vector, HashEmbedder().embed([QUESTION])[0])
        assert counted("damaged") == before + 1
        assert there.client.get(key) == kept

    def test_the_vector_of_another_question_in_its_place_is_not_believed(self, there):
        cache = process(there)
        cache.embed_one(QUESTION)
        (key,) = there.client.keys()
        cache.embed_one("Another?")
        (other,) = set(there.client.keys()) - {key}
        there.client.set(key, there.client.get(other))

        assert not process(there).embed_one(QUESTION)[1]

    @pytest.mark.parametrize("vector", [np.zeros(4), np.full(4, np.nan), np.ones(4)])
    def test_what_is_no_unit_vector_is_not_taken_back(self, there, vector):
        shared = SharedVectors(there.url, SECRET)
        shared.put("m", "q", vector.astype(np.float32))

        assert shared.get("m", "q") is None


class TestAway:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch):
        monkeypatch.setattr(shared_vectors, "REST_SECONDS", 0.2)

    def test_killed_it_is_done_without_said_once_and_used_again_when_it_is_back(
        self, there, caplog
    ):
        cache, before = process(there), counted("away")
        cache.embed_one("before")
        there.kill()
        try:
            vectors = [cache.embed_one(f"meanwhile {number}") for number in range(20)]
        finally:
            there.start()

        assert [remembered for _, remembered in vectors] == [False] * 20
        assert counted("away") > before + 20
        assert [each.getMessage() for each in caplog.records] == [
            "vectors of questions are not shared: Redis, ConnectionError"
        ]

        time.sleep(0.3)
        cache.embed_one("after")
        assert process(there).embed_one("after")[1]
        assert caplog.records[-1].getMessage() == "vectors of questions are shared in Redis again"
        assert len(caplog.records) == 2

    def test_one_that_does_not_reply_costs_a_moment_and_then_none(self, monkeypatch):
        monkeypatch.setattr(shared_vectors, "REST_SECONDS", 60.0)
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            shared = SharedVectors(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", SECRET)
            for _ in range(3):
                assert shared.get("m", "q") is None

            started = time.perf_counter()
            for _ in range(100):
                assert shared.get("m", "q") is None

        # Each would have waited for 50 ms.
        assert time.perf_counter() - started < 2.5

    def test_its_password_is_not_in_the_log(self, caplog):
        SharedVectors("redis://:hunter2@127.0.0.1:9/0", SECRET).get("m", "q")

        assert "Redis, ConnectionError" in caplog.text
        assert "hunter2" not in caplog.text


class TestSetting:
    @pytest.fixture(autouse=True)
    def anew(self):
        wiring._shared_vectors.cache_clear()
        yield
        wiring._shared_vectors.cache_clear()

    def test_it_is_off_unless_it_is_told_where(self):
        assert wiring.vector_cache.__wrapped__(HashEmbedder())._shared is None

    def test_all_machines_with_one_secret_share(self, settings, there):
        settings.VECTOR_CACHE_URL = there.url
        wiring.vector_cache.__wrapped__(HashEmbedder()).embed_one(QUESTION)

        assert process(there, secret=settings.SECRET_KEY).embed_one(QUESTION)[1]
