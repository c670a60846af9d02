"""`make run` as a newcomer meets it: real processes, started, asked, killed and stopped."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import psutil
import pytest

from supportsite.tests.served import EDIT_AND_PUBLISH, EDITED, STOP_SECONDS, WORKERS, Site

pytestmark = pytest.mark.slow

PASSWORD = "How do I reset my password?"
FRANCE = "what is the capital of France?"
QUESTIONS = [PASSWORD, FRANCE, "Where is my order?", "Can I cancel my order?"]

OWN_MEMORY = 60e6
"""Bytes, for one worker. It has some 20 million; the model is 90 million."""

LIGHTHOUSE = """\
id,question,answer,category
opening-hours,When is the lighthouse open?,Every day from dawn to dusk.,visits
dogs,May I bring my dog?,Dogs are welcome on a lead.,visits
"""
BROKEN = """\
id,question,answer,category
a,First question?,An answer.,c
a,Second question?,An answer.,c
b,,An answer.,c
c,Third question?,,c
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not one of pytest's: under root those are closed to the user Postgres runs as.
    created = Path(tempfile.mkdtemp(prefix="serve-"))
    created.chmod(0o755)
    (created / "lighthouse.csv").write_text(LIGHTHOUSE)
    (created / "broken.csv").write_text(BROKEN)
    yield created
    shutil.rmtree(created)


@pytest.fixture(scope="module")
def both(folder: Path) -> Iterator[tuple[Site, Site]]:
    shop = Site(folder / "shop")
    lighthouse = Site(folder / "light", FAQ_CSV=str(folder / "lighthouse.csv"), DEBUG="1")
    try:
        shop.begin()
        lighthouse.begin()
        yield shop.wait_until_ready(), lighthouse.wait_until_ready()
    finally:
        shop.end()
        lighthouse.end()


@pytest.fixture(scope="module")
def shop(both: tuple[Site, Site]) -> Site:
    """The site as it comes, with nothing set but where it lives."""
    return both[0]


@pytest.fixture(scope="module")
def lighthouse(both: tuple[Site, Site]) -> Site:
    """A second site beside it, with a knowledge base of its own, and DEBUG on."""
    return both[1]


@pytest.fixture(scope="module")
def unserved(folder: Path) -> Iterator[Site]:
    """A site that was never served; for starts that fail."""
    site = Site(folder / "unserved")
    site.run("-m", "supportsite.secrets")
    yield site
    site.end()


def password_of(site: Site) -> str:
    return re.search(r"login: admin / (\S+)", site.output)[1]


def signs_in(site: Site, password: str) -> bool:
    cookies = CookieJar()
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies))
    with opener.open(f"{site.address}/admin/login/") as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
    form = {"username": "admin", "password": password, "next": "/admin/"}
    sent = urlencode({**form, "csrfmiddlewaretoken": token}).encode()
    with opener.open(f"{site.address}/admin/login/", sent) as page:
        return page.url == f"{site.address}/admin/"


def ask_often(site: Site, count: int) -> Iterator[str]:
    """The ask_id of each reply, from four threads at once; a lost connection is no reply."""

    def ask(number: int) -> str | None:
        try:
            return site.ask(QUESTIONS[number % len(QUESTIONS)])["ask_id"]
        except (HTTPException, OSError):
            return None

    with ThreadPoolExecutor(4) as pool:
        yield from filter(None, pool.map(ask, range(count)))


# --- A newcomer's first minute --------------------------------------------------------------------


def test_it_says_what_it_does_and_then_where_it_is(shop):
    steps = [line for line in shop.output.splitlines() if line.startswith("→")]

    assert [step.split()[1] for step in steps] == ["Database:", "Index:", "Knowledge", "Server:"]
    assert "45 added, 0 changed, 0 unchanged" in shop.output
    assert f"supportsite answers at {shop.address}" in shop.output
    assert "Traceback" not in shop.log


@pytest.mark.skipif(not shutil.which("curl"), reason="it is curl that is pasted")
def test_the_printed_curl_is_answered_when_pasted(shop):
    pasted = shop.output[shop.output.index("curl ") :].partition("\n\n")[0]

    ended = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=30)

    assert '"outcome":"answered"' in ended.stdout
    assert '"source":"faq"' in ended.stdout


def test_a_question_of_the_knowledge_base_gets_its_own_answer(shop):
    reply = shop.ask(PASSWORD)

    assert (reply["outcome"], reply["source"]) == ("answered", "faq")
    assert reply["answer"].startswith("Press Forgot password")


def test_any_other_question_gets_the_nearest_faqs_and_the_offer_of_a_ticket(shop):
    reply = shop.ask(FRANCE)

    assert reply["outcome"] == "unanswered"
    assert len(reply["nearest"]) == 3
    offer = {"method": "POST", "path": "/tickets", "ask_id": reply["ask_id"]}
    assert reply["ticket"] == offer
    ticket = {"user_id": "u1", "message": FRANCE, "ask_id": reply["ask_id"]}
    status, _ = shop.send(offer["method"], offer["path"], ticket, token=shop.token)
    assert status == 201


def test_the_printed_login_opens_the_admin_and_is_no_other_sites(shop, lighthouse):
    assert signs_in(shop, password_of(shop))
    assert not signs_in(shop, password_of(lighthouse))


def test_two_sites_side_by_side_answer_from_their_own_knowledge_base(shop, lighthouse):
    here, there = shop.ask(PASSWORD), lighthouse.ask("May I bring my dog?")

    assert here["faq_id"] == "reset-password"
    assert there["answer"] == "Dogs are welcome on a lead."
    assert lighthouse.ask(PASSWORD)["faq_id"] is None
    assert shop.ask("May I bring my dog?")["faq_id"] is None


def test_tokens_are_for_the_asking_with_debug_only(shop, lighthouse):
    expected = {"username": "u1", "role": "customer"}

    status, _ = shop.send("POST", "/dev/token", expected)
    assert status == 404

    status, created = lighthouse.send("POST", "/dev/token", expected)
    assert status == 200
    assert lighthouse.ask("May I bring my dog?", token=created["token"])["faq_id"] == "dogs"


# --- While it runs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def edited(shop: Site) -> Site:
    """The shop after another process has changed an answer and published it."""
    assert shop.ask(PASSWORD)["answer"] != EDITED
    ended = shop.manage("shell", "-c", EDIT_AND_PUBLISH)
    assert "0 added, 1 changed, 0 retired" in ended.text
    return shop


def test_what_another_process_publishes_is_what_every_worker_answers_next(edited):
    for worker in edited.workers():
        with edited.only(worker):
            assert edited.ask(PASSWORD)["answer"] == EDITED


def test_metrics_are_of_all_workers_whichever_answers(shop):
    before = shop.asks_counted()

    for worker in shop.workers():
        with shop.only(worker):
            shop.ask(PASSWORD)
            shop.ask(FRANCE)

    for worker in shop.workers():
        with shop.only(worker):
            assert shop.asks_counted() - before == 4


def test_the_workers_share_one_copy_of_the_model(shop):
    for worker in shop.workers():
        with shop.only(worker):
            for number in range(20):
                shop.ask(f"{PASSWORD} ({number})")

    for worker in shop.workers():
        memory = worker.memory_full_info()
        assert memory.uss < OWN_MEMORY < memory.rss - memory.uss


def test_every_reply_has_one_audit_record_though_a_worker_is_killed_meanwhile(shop):
    killed = shop.workers()[0]
    replies = ask_often(shop, 500)
    answered = [next(replies) for _ in range(100)]

    killed.kill()
    answered += replies

    assert len(answered) >= 490
    recorded = Counter(shop.recorded_asks())
    assert {recorded[ask_id] for ask_id in answered} == {1}
    assert killed not in shop.workers()
    assert len(shop.workers()) == WORKERS


def test_a_background_process_that_is_killed_comes_back(shop):
    (killed,) = shop.commands("worker")
    killed.kill()

    shop.wait_until(lambda: shop.commands("worker") not in ([], [killed]))

    assert "Starting it again in 1 s" in shop.log
    assert len(shop.commands("worker")) == 1


def test_the_admin_has_its_styles(shop):
    status, styles = shop.send("GET", "/static/supportsite/desk.css")

    assert status == 200
    assert "--color-primary-600" in styles


def test_after_that_records_are_sealed_and_the_probe_says_so(shop):
    shop.ask(PASSWORD)

    shop.wait_until(lambda: shop.gauge("audit_unsealed_oldest_seconds") == 0)
    shop.wait_until(lambda: shop.gauge("tickets_worker_heartbeat_seconds") < 10)

    status, reply = shop.send("GET", "/readyz")
    assert (status, reply["status"]) == (200, "ok")
    assert reply["checks"]["sealer"].startswith("ok: the oldest unsealed record is ")


def test_without_chroma_it_is_degraded_but_answers_and_chroma_is_started_again(shop):
    (chroma,) = shop.chroma()
    chroma.suspend()

    status, reply = shop.send("GET", "/readyz")

    assert (status, reply["status"]) == (200, "degraded")
    assert reply["checks"]["index"].startswith("degraded: Chroma does not answer;")
    assert shop.ask(PASSWORD)["outcome"] == "answered"
    chroma.kill()
    chroma.wait()
    shop.wait_until(lambda: shop.send("GET", "/readyz")[1]["checks"]["index"].startswith("ok"))
    assert shop.chroma() != [chroma]
    assert shop.manage("reindex", "--check").code == 0


# --- Starts that fail -----------------------------------------------------------------------------


def test_a_taken_port_is_one_line(unserved):
    with socket.create_server(("127.0.0.1", unserved.port)):
        ended = unserved.manage("serve")

    assert ended.code == 1
    assert ended.text.startswith(f"CommandError: Port {unserved.port} is in use.")
    assert len(ended.text.splitlines()) == 1


def test_a_broken_file_is_reported_row_by_row_and_nothing_is_published(unserved, folder):
    ended = unserved.manage("serve", FAQ_CSV=str(folder / "broken.csv"))

    assert ended.code == 1
    assert ended.text.splitlines()[-3:] == [
        "row 3, id: 'a' is also the id of row 2",
        "row 4, question: is empty",
        "row 5, answer: is empty",
    ]
    assert "There is no release yet" in unserved.manage("reindex").text


@pytest.mark.parametrize(
    ("setting", "value", "cure"),
    [
        pytest.param("LOCAL_EMB_MODEL", "/nowhere", "set LOCAL_EMB_MODEL to a folder", id="folder"),
        pytest.param("LOCAL_EMB_MODEL", "no-such", "hf download", id="model known by its name"),
        pytest.param("DATABASE_URL", "postgres://u@127.0.0.1:1/d", "DATABASE_URL", id="Postgres"),
        pytest.param("CHROMA_URL", "http://127.0.0.1:1", "CHROMA_URL", id="Chroma"),
    ],
)
def test_what_is_not_there_is_one_line_with_the_cure(unserved, setting, value, cure):
    ended = unserved.manage("serve", **{setting: value})

    last = ended.text.splitlines()[-1]
    assert ended.code == 1
    assert "Traceback" not in ended.text
    assert last.startswith("CommandError: ")
    assert cure in last
    assert unserved.processes() == []


# --- Stopped, killed and started again ------------------------------------------------------------


@pytest.fixture(scope="module")
def remembered(edited: Site) -> tuple[str, list[str]]:
    """The login and the questions asked, as they were before the kill."""
    return password_of(edited), edited.recorded_asks()


@pytest.fixture(scope="module")
def restarted(shop: Site, remembered: object) -> Site:
    """The shop again on the same folder, after its gunicorn was killed."""
    workers = shop.workers()
    shop.process.kill()
    _, left = psutil.wait_procs(workers, timeout=STOP_SECONDS)
    assert left == []
    return shop.start()


def test_a_second_start_counts_anew(restarted):
    assert restarted.asks_counted() == 0


def test_a_second_start_embeds_nothing_and_keeps_what_was_edited(restarted):
    assert "has not changed since release 1." in restarted.output
    assert restarted.ask(PASSWORD)["answer"] == EDITED


def test_after_a_kill_nothing_is_lost(restarted, remembered):
    password, asks = remembered

    assert signs_in(restarted, password)
    assert restarted.recorded_asks()[-len(asks) :] == asks


def test_after_a_kill_there_is_one_chroma_and_it_holds_what_it_should(restarted):
    assert len(restarted.chroma()) == 1
    assert len(restarted.commands("worker")) == 1
    assert "0 missing, 0 changed, 0 surplus" in restarted.manage("reindex", "--check").text


def test_killed_it_takes_its_processes_with_it(restarted):
    beside = [*restarted.workers(), *restarted.commands("worker")]
    assert len(beside) == WORKERS + 1

    restarted.process.kill()

    _, left = psutil.wait_procs(beside, timeout=STOP_SECONDS)
    assert left == []
    assert restarted.start().ask(PASSWORD)["answer"] == EDITED


def is_all_gone(site: Site) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        listens = probe.connect_ex(("127.0.0.1", site.port)) == 0
    return site.processes() == [] and not listens


def test_ctrl_c_stops_everything_without_a_word(restarted):
    restarted.signal(signal.SIGINT)

    assert restarted.process.wait(STOP_SECONDS) == 0
    assert is_all_gone(restarted)
    assert "Traceback" not in restarted.log


@pytest.mark.parametrize(
    ("settings", "step"),
    [
        pytest.param({}, "→ Database", id="servers"),
        pytest.param({"FAQ_CSV": "lighthouse.csv"}, "loading the model", id="after a file"),
    ],
)
def test_ctrl_c_while_it_starts_stops_everything_too(restarted, folder, settings, step):
    restarted.begin(**{name: str(folder / value) for name, value in settings.items()})
    restarted.wait_until_it_says(step)

    restarted.signal(signal.SIGINT)

    assert restarted.process.wait(STOP_SECONDS) == 128 + signal.SIGINT
    assert is_all_gone(restarted)
    assert restarted.log == ""


def test_it_ends_with_the_terminal_it_was_started_in(lighthouse):
    lighthouse.signal(signal.SIGHUP)

    lighthouse.process.wait(STOP_SECONDS)
    assert is_all_gone(lighthouse)
