"""One contract for every index, and what only Chroma can get wrong."""

import os
import socket
import subprocess
import sys
import threading
import uuid

import numpy as np
import pytest

from assistant.chroma.index import ChromaIndex
from assistant.interfaces import Drift, Entry, IndexMismatch, IndexUnavailable
from assistant.tests.fakes import HashEmbedder, MemoryIndex

pytestmark = pytest.mark.slow


@pytest.fixture(params=["memory", "chroma"])
def index(request):
    if request.param == "memory":
        return MemoryIndex()
    return ChromaIndex(request.getfixturevalue("chroma_url"))


@pytest.fixture
def chroma(chroma_url):
    return ChromaIndex(chroma_url)


@pytest.fixture
def vendor(chroma_url):
    """Chroma's own client, to see and to spoil what is stored."""
    import chromadb

    return chromadb.HttpClient(host=chroma_url)


@pytest.fixture
def name():
    return f"test-{uuid.uuid4().hex}"


def entry(key, *vector, faq_id="faq", phrasing="How?", category="orders"):
    return Entry(key, faq_id, phrasing, category, np.array(vector, dtype=np.float32))


def real_entries(*phrasings):
    vectors = HashEmbedder().embed(phrasings)
    return [
        Entry(f"key-{n}", f"faq-{n}", phrasing, "orders", vector)
        for n, (phrasing, vector) in enumerate(zip(phrasings, vectors, strict=True))
    ]


def many(count, *, dimension=16):
    vectors = np.random.default_rng(5).normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Entry(f"key-{n:05}", f"faq-{n:05}", f"phrasing {n}", "orders", vector)
        for n, vector in enumerate(vectors)
    ]


def test_search_returns_true_cosine_for_vectors_of_any_length(index, name):
    index.sync(name, [entry("a", 3.0, 4.0, faq_id="one"), entry("b", 0.0, 9.0, faq_id="two")])

    nearest, other = index.search(name, np.array([10.0, 0.0], dtype=np.float32), limit=2)

    assert (nearest.faq_id, nearest.similarity) == ("one", pytest.approx(0.6, abs=1e-6))
    assert (other.faq_id, other.similarity) == ("two", pytest.approx(0.0, abs=1e-6))


def test_the_nearest_faqs_are_named_once_and_of_the_category_if_one_is_given(index, name):
    index.sync(
        name,
        [
            entry("one#a", 1, 0, faq_id="one"),
            entry("one#b", 9, 1, faq_id="one"),
            entry("two#a", 3, 1, faq_id="two", category="other"),
            entry("three#a", 0, 1, faq_id="three"),
        ],
    )
    vector = np.array([1, 0], dtype=np.float32)

    assert index.nearest_faqs(name, vector, limit=10) == ["one", "two", "three"]
    assert index.nearest_faqs(name, vector, limit=2) == ["one"]
    assert index.nearest_faqs(name, vector, limit=10, category="other") == ["two"]
    assert index.nearest_faqs(f"{name}-nowhere", vector, limit=10) == []


def test_the_nearest_faqs_of_a_collection_that_was_dropped_and_made_anew(index, name):
    vector = np.array([1, 0], dtype=np.float32)
    index.sync(name, [entry("old#a", 1, 0, faq_id="old")])
    assert index.nearest_faqs(name, vector, limit=10) == ["old"]

    index.drop(name)

    assert index.nearest_faqs(name, vector, limit=10) == []
    index.sync(name, [entry("new#a", 1, 0, faq_id="new")])
    assert index.nearest_faqs(name, vector, limit=10) == ["new"]


def test_a_match_carries_what_the_entry_said(index, name):
    index.sync(name, [entry("a", 1, 0, faq_id="x", phrasing="Où est-il ?\n", category="")])

    (match,) = index.search(name, np.array([1, 0], dtype=np.float32), limit=5)

    assert (match.faq_id, match.phrasing, match.category) == ("x", "Où est-il ?\n", "")
    assert match.similarity == 1.0


def test_phrasings_of_one_faq_are_matches_of_their_own(index, name):
    index.sync(name, [entry("a", 1, 0, phrasing="one"), entry("b", 1, 1, phrasing="two")])

    matches = index.search(name, np.array([1, 0], dtype=np.float32), limit=5)

    assert [match.phrasing for match in matches] == ["one", "two"]


def test_opposite_vectors_have_a_similarity_of_minus_one(index, name):
    index.sync(name, [entry("a", 1, 0)])

    (match,) = index.search(name, np.array([-1, 0], dtype=np.float32), limit=1)

    assert match.similarity == -1.0


def test_vectors_may_come_as_tuples_or_lists(index, name):
    index.sync(name, [Entry("a", "faq", "How?", "", (1.0, 0.0))])

    (match,) = index.search(name, [1.0, 0.0], limit=1)

    assert match.faq_id == "faq"


def test_prepare_adds_changes_and_removes_until_the_collection_is_as_asked(index, name):
    index.sync(name, [entry("kept", 1, 0), entry("changed", 0, 1), entry("gone", 1, 1)])
    expected = [
        entry("kept", 1, 0),
        entry("changed", 0, 1, phrasing="And now?"),
        entry("new", -1, 0),
    ]

    index.sync(name, expected)

    assert not index.drift(name, expected)
    matches = index.search(name, np.array([0, 1], dtype=np.float32), limit=10)
    assert len(matches) == 3
    assert matches[0].phrasing == "And now?"


def test_prepare_twice_changes_nothing(index, name):
    entries = real_entries("Where is my order?", "Can I pay by card?")
    index.sync(name, entries)

    index.sync(name, entries)

    assert index.drift(name, entries) == Drift()


def test_prepare_with_nothing_leaves_an_empty_collection(index, name):
    index.sync(name, [entry("a", 1, 0)])

    index.sync(name, [])

    assert index.search(name, np.array([1, 0], dtype=np.float32), limit=3) == []
    assert name in index.names()


def test_entries_may_come_one_by_one(index, name):
    entries = many(1_200)

    index.sync(name, iter(entries))

    assert index.drift(name, entries) == Drift()


def test_chroma_has_the_first_before_the_last_have_come(chroma, name):
    entries = many(2_500)
    matches = []

    def coming():
        yield from entries[:2_400]
        matches.extend(chroma.search(name, entries[0].vector, limit=1))
        yield from entries[2_400:]

    chroma.sync(name, coming())

    assert [match.faq_id for match in matches] == [entries[0].faq_id]
    assert chroma.drift(name, entries) == Drift()


def test_progress_hears_of_every_entry_once(index, name):
    entries = many(2_500)
    index.sync(name, entries[:700])
    done = []

    index.sync(name, entries, progress=done.append)

    assert sum(done) == 2_500


def test_more_entries_than_chroma_takes_at_once_are_all_stored(index, name):
    entries = many(6_000)

    index.sync(name, entries)

    assert index.drift(name, entries) == Drift()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param([], Drift(missing=("a", "b")), id="nothing is stored"),
        pytest.param([entry("a", 1, 0)], Drift(missing=("b",)), id="one is missing"),
        pytest.param(
            [entry("a", 1, 0), entry("b", 0, 1), entry("c", 1, 1)],
            Drift(surplus=("c",)),
            id="one too many",
        ),
        pytest.param(
            [entry("a", 1, 0, phrasing="Why?"), entry("b", 0, 1)],
            Drift(changed=("a",)),
            id="another text",
        ),
        pytest.param(
            [entry("a", 1, 0, category="account"), entry("b", 0, 1)],
            Drift(changed=("a",)),
            id="another category",
        ),
        pytest.param(
            [entry("a", 1, 0), entry("b", 0.1, 1)], Drift(changed=("b",)), id="another vector"
        ),
        pytest.param([entry("a", 1, 0), entry("b", 0, 1)], Drift(), id="all is well"),
    ],
)
def test_drift_lists_the_differences(index, name, stored, expected):
    index.sync(name, stored)

    assert index.drift(name, [entry("a", 1, 0), entry("b", 0, 1)]) == expected


def test_a_collection_that_does_not_exist_is_an_empty_one(index, name):
    assert index.search(name, np.array([1, 0], dtype=np.float32), limit=3) == []
    assert index.drift(name, [entry("a", 1, 0)]) == Drift(missing=("a",))
    assert name not in index.names()


def test_dropping_twice_is_no_error(index, name):
    index.sync(name, [entry("a", 1, 0)])

    index.drop(name)
    index.drop(name)

    assert name not in index.names()


def test_collections_do_not_see_each_other(index, name):
    index.sync(name, [entry("a", 1, 0, faq_id="here")])
    index.sync(f"{name}-2", [entry("a", 1, 0, faq_id="there")])

    (match,) = index.search(name, np.array([1, 0], dtype=np.float32), limit=5)

    assert match.faq_id == "here"


def test_vectors_of_another_dimension_do_not_fit(index, name):
    index.sync(name, [entry("a", 1, 0)])

    with pytest.raises(IndexMismatch):
        index.search(name, np.array([1, 0, 0], dtype=np.float32), limit=1)
    with pytest.raises(IndexMismatch):
        index.nearest_faqs(name, np.array([1, 0, 0], dtype=np.float32), limit=1)
    with pytest.raises(IndexMismatch):
        index.sync(name, [entry("b", 1, 0, 0)])


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param("ab", id="two characters"),
        pytest.param("x" * 513, id="513 characters"),
        pytest.param("a b c", id="spaces"),
        pytest.param("../../x", id="a path"),
        pytest.param("a..b", id="two dots"),
        pytest.param("-abc", id="beginning with a dash"),
        pytest.param("abc\n", id="ending with a line break"),
        pytest.param("192.168.0.1", id="an IP address"),
        pytest.param("schön", id="an umlaut"),
    ],
)
def test_a_name_chroma_would_refuse_is_refused(index, bad):
    for attempt in (
        lambda: index.sync(bad, []),
        lambda: index.search(bad, np.array([1, 0], dtype=np.float32), limit=1),
        lambda: index.drift(bad, []),
        lambda: index.drop(bad),
    ):
        with pytest.raises(ValueError, match="cannot name a collection"):
            attempt()


@pytest.mark.parametrize("good", ["abc", "a_b.c-d", "x" * 512])
def test_a_name_within_the_rules_is_taken_by_chroma_too(index, good):
    index.sync(good, [])

    assert good in index.names()
    index.drop(good)


def test_two_entries_of_one_key_are_refused(index, name):
    with pytest.raises(ValueError, match="same key"):
        index.sync(name, [entry("a", 1, 0), entry("a", 0, 1)])


def test_a_search_for_nothing_is_refused(index, name):
    with pytest.raises(ValueError, match="limit"):
        index.search(name, np.array([1, 0], dtype=np.float32), limit=0)


def test_it_can_be_pinged(index):
    index.ping()


def test_searches_find_the_nearest_of_real_vectors(index, name, converted):
    phrasings = ["How do I reset my password?", "Where is my parcel?", "Which cards do you take?"]
    vectors = converted.embed(phrasings)
    index.sync(
        name,
        [
            Entry(f"key-{n}", f"faq-{n}", phrasing, "", vector)
            for n, (phrasing, vector) in enumerate(zip(phrasings, vectors, strict=True))
        ],
    )

    (match,) = index.search(name, converted.embed(["My package has not come"])[0], limit=1)

    assert match.phrasing == "Where is my parcel?"


# What only Chroma can get wrong.


def test_chroma_neither_changes_nor_complains_about_an_old_l2_collection(vendor, name):
    vendor.create_collection(name, embedding_function=None)

    again = vendor.get_or_create_collection(
        name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )

    # If this ever says cosine, our own check may go.
    assert again.configuration_json["hnsw"]["space"] == "l2"


def test_an_old_collection_that_does_not_measure_cosine_is_refused(chroma, vendor, name):
    vendor.create_collection(name, embedding_function=None)

    for attempt in (
        lambda: chroma.sync(name, [entry("a", 1, 0)]),
        lambda: chroma.search(name, np.array([1, 0], dtype=np.float32), limit=1),
        lambda: chroma.nearest_faqs(name, np.array([1, 0], dtype=np.float32), limit=1),
        lambda: chroma.drift(name, [entry("a", 1, 0)]),
    ):
        with pytest.raises(IndexMismatch, match="uses l2"):
            attempt()


def test_such_a_collection_can_be_dropped_and_made_anew(chroma, vendor, name):
    vendor.create_collection(name, embedding_function=None)

    chroma.drop(name)
    chroma.sync(name, [entry("a", 1, 0)])

    assert not chroma.drift(name, [entry("a", 1, 0)])


def test_chroma_refuses_tuples(vendor, name):
    collection = vendor.create_collection(name, embedding_function=None)

    # If this ever passes, our conversion may go.
    with pytest.raises(ValueError, match="Expected embeddings"):
        collection.upsert(ids=["a"], embeddings=[(1.0, 0.0)])


def test_chroma_returns_a_distance(vendor, chroma, name):
    chroma.sync(name, [entry("a", 3, 4)])

    matches = vendor.get_collection(name, embedding_function=None).query(
        query_embeddings=[[1.0, 0.0]], include=["distances"]
    )

    assert matches["distances"][0][0] == pytest.approx(0.4, abs=1e-6)


def test_drift_finds_a_vector_that_chroma_lost_though_all_it_says_is_right(chroma, vendor, name):
    entries = [entry("a", 1, 0), entry("b", 0, 1)]
    chroma.sync(name, entries)
    collection = vendor.get_collection(name, embedding_function=None)

    collection.update(ids=["b"], embeddings=[[0.5, -1.0]])

    assert chroma.drift(name, entries) == Drift(changed=("b",))


def test_dropping_and_preparing_repairs_such_a_collection(chroma, vendor, name):
    entries = [entry("a", 1, 0), entry("b", 0, 1)]
    chroma.sync(name, entries)
    vendor.get_collection(name, embedding_function=None).update(ids=["b"], embeddings=[[0.5, -1.0]])

    chroma.drop(name)
    chroma.sync(name, entries)

    assert not chroma.drift(name, entries)


def test_entries_written_by_somebody_else_are_surplus(chroma, vendor, name):
    chroma.sync(name, [entry("a", 1, 0)])
    vendor.get_collection(name, embedding_function=None).add(ids=["x"], embeddings=[[0.0, 1.0]])

    assert chroma.drift(name, [entry("a", 1, 0)]) == Drift(surplus=("x",))


def test_threads_share_one_index(chroma, name):
    entries = many(50)
    chroma.sync(name, entries)
    wrong = []

    def search(start):
        for one in entries[start:] + entries[:start]:
            (match,) = chroma.search(name, one.vector, limit=1)
            if match.faq_id != one.faq_id:
                wrong.append((one.faq_id, match.faq_id))

    threads = [threading.Thread(target=search, args=(n * 5,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_fork_opens_its_own_connection(chroma, name):
    chroma.sync(name, [entry("faq#a", 1, 0)])
    before = chroma._chroma.client()
    assert chroma.nearest_faqs(name, np.array([1, 0], dtype=np.float32), limit=1) == ["faq"]

    child = os.fork()
    if child == 0:
        try:
            own = chroma._chroma.client() is not before
            assert chroma.nearest_faqs(name, np.array([1, 0], dtype=np.float32), limit=1) == ["faq"]
            matches = chroma.search(name, np.array([1, 0], dtype=np.float32), limit=1)
            os._exit(0 if own and len(matches) == 1 else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def nobody_listens():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(lambda index: index.ping(), id="ping"),
        pytest.param(lambda index: index.names(), id="names"),
        pytest.param(lambda index: index.sync("abc", []), id="prepare"),
        pytest.param(lambda index: index.drift("abc", []), id="drift"),
        pytest.param(lambda index: index.drop("abc"), id="drop"),
        pytest.param(lambda index: index.search("abc", np.array([1.0, 0.0]), limit=1), id="search"),
        pytest.param(
            lambda index: index.nearest_faqs("abc", np.array([1.0, 0.0]), limit=1), id="FAQs"
        ),
    ],
)
def test_a_missing_server_is_reported_in_one_line(attempt):
    url = nobody_listens()

    with pytest.raises(IndexUnavailable) as reply:
        attempt(ChromaIndex(url))

    assert str(reply.value).startswith(f"Chroma at {url} does not answer (")
    assert "CHROMA_URL" in str(reply.value)
    assert "\n" not in str(reply.value)
    assert "Errno" not in str(reply.value)


def test_a_server_that_disappears_later_is_reported_too(tmp_path):
    from assistant.chroma.server import ChromaServer

    server = ChromaServer(tmp_path / "data", tmp_path)
    index = ChromaIndex(server.ensure_running())
    index.sync("abc", [entry("a", 1, 0)])

    server.stop()

    with pytest.raises(IndexUnavailable):
        index.search("abc", np.array([1, 0], dtype=np.float32), limit=1)
    server.ensure_running()
    assert len(index.search("abc", np.array([1, 0], dtype=np.float32), limit=1)) == 1
    server.stop()


def test_a_server_that_accepts_and_says_nothing_is_given_up_soon():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = ChromaIndex(f"http://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(IndexUnavailable, match="TimeoutError"):
            index.names()


def test_another_server_is_not_accepted_as_chroma(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = other.stdout.readline().split(" port ")[1].split()[0]

        with pytest.raises(IndexUnavailable):
            ChromaIndex(f"http://127.0.0.1:{port}").ping()
    finally:
        other.terminate()
        other.wait()
        other.stdout.close()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("127.0.0.1:8000", id="no scheme"),
        pytest.param("ftp://127.0.0.1", id="another scheme"),
        pytest.param("http://user:secret@127.0.0.1:8000", id="credentials"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url):
    with pytest.raises(ValueError, match="CHROMA_URL") as reply:
        ChromaIndex(url)

    assert "secret" not in str(reply.value)


TALK = """
import sys
import numpy as np
from assistant.chroma.index import ChromaIndex
from assistant.interfaces import Entry

called = set()
sys.addaudithook(lambda event, args: called.add(args[1]) if event == "socket.connect" else None)
index = ChromaIndex(sys.argv[1])
index.sync("talk", [Entry("a", "faq", "How?", "", np.array([1.0, 0.0], dtype=np.float32))])
index.search("talk", np.array([1.0, 0.0], dtype=np.float32), limit=1)
index.drop("talk")
client = index._chroma.client()
print(sorted({address[0] for address in called}))
print(client._system.settings.anonymized_telemetry, client._server._session.timeout.connect)
"""


def talk(chroma_url, folder, **environment):
    """What a fresh process in that folder says about its conversation with Chroma."""
    return subprocess.run(
        [sys.executable, "-c", TALK, chroma_url],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_talks_to_its_server_and_to_nobody_else(chroma_url, tmp_path):
    (tmp_path / ".env").write_bytes(b"MIGRATIONS=no\nCHROMA_SERVER_NOFILE=\xff\n")
    nowhere = nobody_listens()

    result = talk(
        chroma_url,
        tmp_path,
        # Settings meant for others.
        ENVIRONMENT="production",
        MIGRATIONS="no",
        IS_PERSISTENT="maybe",
        ANONYMIZED_TELEMETRY="true",
        CHROMA_SERVER_HOST="elsewhere",
        CHROMA_API_IMPL="nothing.at.all",
        # A proxy is not for our own server.
        HTTP_PROXY=nowhere,
        http_proxy=nowhere,
        ALL_PROXY=nowhere,
    )

    assert (result.stdout, result.stderr) == ("['127.0.0.1']\nFalse 2.0\n", "")


def test_near_identical_phrasings_raise_no_false_alarm(chroma, name):
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=384) + 0.022 * rng.normal(size=(3_000, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    entries = [entry(f"key-{n}", *vector) for n, vector in enumerate(vectors)]
    chroma.sync(name, entries)

    assert not chroma.drift(name, entries)
