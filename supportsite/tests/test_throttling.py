"""Who asks too often is told to wait, whichever process answers; everybody else notices nothing."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import socket
import subprocess
import time

import pytest
from prometheus_client import REGISTRY

from audit.models import Record
from audit.principal import Role
from supportsite import throttling
from supportsite.authentication import issue
from supportsite.counters import SIZE, SharedCounters
from supportsite.rates import Rate, parse, parse_by_role
from supportsite.redis_counters import Down, RedisCounters, address

KEY = b"k" * 32
MINUTE = 60.0


@pytest.fixture(autouse=True)
def throttled(settings, tmp_path):
    """A site for others, on which nobody has asked anything yet."""
    throttling._shared.cache_clear()
    throttling._redis.cache_clear()
    settings.STATE_DIR = tmp_path
    settings.THROTTLE_ROLES = parse_by_role("customer=3/min support=5/min", list(Role))
    settings.THROTTLE_ADDRESS = parse("6/min")
    settings.THROTTLE_FAILURES = parse("4/min")


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """A real one; its port, and a way to end it."""
    assert shutil.which("redis-server"), "install redis-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(
        command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL
    ) as process:
        url = f"redis://127.0.0.1:{port}/0"
        for _ in range(100):
            try:
                RedisCounters(url, KEY).wait("up", Rate(1000, 1.0))
                break
            except Down:
                time.sleep(0.05)
        yield url
        process.terminate()


def ask(client, subject: str = "u1") -> int:
    return client.get("/tickets", {"user_id": subject}).status_code


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# --- For callers ----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestCallers:
    def test_a_customer_who_asks_too_often_is_told_when_to_come_again(self, as_role):
        client, before = as_role(Role.CUSTOMER), measured("throttle_refused_total", by="subject")

        assert [ask(client) for _ in range(4)] == [200, 200, 200, 429]
        reply = client.get("/tickets")

        assert reply["Content-Type"] == "application/problem+json"
        assert 1 <= int(reply["Retry-After"]) <= 20
        assert reply.json()["status"] == 429
        assert "Retry-After" in reply.json()["detail"]
        assert measured("throttle_refused_total", by="subject") == before + 2

    def test_another_customer_is_not(self, as_role):
        assert [ask(as_role(Role.CUSTOMER)) for _ in range(4)][-1] == 429

        assert ask(as_role(Role.CUSTOMER, subject="u2"), "u2") == 200

    def test_it_is_one_count_for_every_endpoint(self, as_role):
        client = as_role(Role.CUSTOMER)
        for _ in range(3):
            ask(client)

        assert client.post("/tickets", {"message": "Where?"}, format="json").status_code == 429
        assert client.post("/ask", {"message": "Where?"}, format="json").status_code == 429

    def test_services_are_not_counted_nor_is_their_address(self, as_role):
        client = as_role(Role.SERVICE)

        assert {ask(client) for _ in range(30)} == {200}
        assert {ask(as_role(Role.ADMIN)) for _ in range(30)} == {200}
        assert ask(as_role(Role.CUSTOMER)) == 200

    def test_of_several_roles_the_most_generous_counts(self, as_role):
        both = as_role(Role.CUSTOMER, Role.SUPPORT)

        assert [ask(both) for _ in range(6)] == [200] * 5 + [429]
        assert {ask(as_role(Role.CUSTOMER, Role.SERVICE)) for _ in range(9)} == {200}

    def test_an_address_is_counted_over_all_its_customers(self, as_role):
        people = [f"u{number}" for number in range(7)]

        replies = [ask(as_role(Role.CUSTOMER, subject=person), person) for person in people]

        assert replies == [200] * 6 + [429]

    def test_who_may_not_is_told_that_first(self, as_role):
        client = as_role(Role.CUSTOMER)
        for _ in range(4):
            ask(client)

        assert client.get("/audit").status_code == 403

    def test_no_limit_on_a_machine_for_oneself(self, as_role, settings):
        settings.THROTTLE_ROLES, settings.THROTTLE_FAILURES = (), None

        assert {ask(as_role(Role.CUSTOMER)) for _ in range(30)} == {200}
        assert {ask(as_role()) for _ in range(30)} == {401}


# --- For failures ---------------------------------------------------------------------------------


@pytest.mark.django_db
class TestFailures:
    def test_tokens_that_fail_again_and_again_are_not_each_a_record(self, client):
        bad = {"Authorization": "Bearer bad"}

        statuses = [client.get("/tickets", headers=bad).status_code for _ in range(10)]

        assert statuses == [401] * 4 + [429] * 6
        assert Record.objects.filter(action="request.refused").count() == 4

    def test_a_good_token_passes_though_others_fail_from_its_address(self, client, as_role):
        for _ in range(10):
            client.get("/tickets")

        assert client.get("/tickets").status_code == 429
        assert ask(as_role(Role.CUSTOMER)) == 200

    def test_what_a_caller_says_about_its_address_changes_nothing(self, client):
        statuses = [
            client.get("/tickets", headers={"X-Forwarded-For": f"10.0.0.{each}"}).status_code
            for each in range(6)
        ]

        assert statuses[-1] == 429

    def test_behind_the_proxy_each_address_has_a_count_of_its_own(self, client, settings):
        settings.PROXY_SECRETS = ["p" * 40]
        proxied = {"X-Proxy-Secret": "p" * 40}

        def fail(address: str) -> int:
            headers = {**proxied, "X-Forwarded-For": address}
            return client.get("/tickets", headers=headers).status_code

        assert [fail("192.0.2.1") for _ in range(5)] == [401] * 4 + [429]
        assert fail("192.0.2.2") == 401
        assert [fail(f"2001:db8::{each}") for each in range(5)] == [401] * 4 + [429]


# --- One count for all processes ------------------------------------------------------------------


def _hammer(file, rate, times, passed):
    counters = SharedCounters(file, KEY)
    passed.put(sum(not counters.wait("u1", rate) for _ in range(times)))


def test_processes_of_one_machine_count_together(tmp_path):
    context = multiprocessing.get_context("fork")
    passed = context.Queue()
    rate = Rate(500, 3600.0)

    workers = [
        context.Process(target=_hammer, args=(tmp_path / "t", rate, 400, passed)) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    counted = sum(passed.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()

    assert 500 <= counted <= 502


def test_a_count_outlives_the_process(tmp_path):
    rate = Rate(1, MINUTE)
    assert SharedCounters(tmp_path / "t", KEY).wait("u1", rate) == 0.0

    assert SharedCounters(tmp_path / "t", KEY).wait("u1", rate) > 59
    assert (tmp_path / "t").stat().st_size == SIZE
    assert (tmp_path / "t").stat().st_mode & 0o077 == 0
    # Nobody can read in it who was there.
    assert b"u1" not in (tmp_path / "t").read_bytes()


def test_a_hundred_thousand_callers_take_no_more_room_and_the_busy_ones_are_remembered(tmp_path):
    counters, busy = SharedCounters(tmp_path / "t", KEY), Rate(10, 3600.0)
    for _ in range(11):
        counters.wait("busy", busy)

    for number in range(100_000):
        counters.wait(f"u{number}", Rate(600, MINUTE))

    assert counters.wait("busy", busy) > 0
    assert (tmp_path / "t").stat().st_size == SIZE


def test_a_check_is_far_below_a_tenth_of_a_millisecond(tmp_path):
    counters, rate = SharedCounters(tmp_path / "t", KEY), Rate(10**8, MINUTE)
    fastest = 1.0

    for _ in range(2_000):
        started = time.perf_counter()
        counters.wait("u1", rate)
        fastest = min(fastest, time.perf_counter() - started)

    assert fastest < 0.0001


def test_a_process_that_was_stopped_while_it_counted_stops_nobody(tmp_path):
    held = subprocess.Popen(
        [
            "python3",
            "-c",
            "import fcntl, os, sys, time; f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT);"
            "fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)",
            str(tmp_path / "t"),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        held.stdout.readline()
        started = time.monotonic()

        assert SharedCounters(tmp_path / "t", KEY).wait("u1", Rate(1, MINUTE)) == 0.0
        assert time.monotonic() - started < 0.5
    finally:
        held.kill()
        held.communicate()


@pytest.mark.django_db
def test_what_cannot_be_counted_passes_and_is_told(as_role, settings, tmp_path, caplog):
    (tmp_path / "throttle").mkdir()
    before = measured("throttle_store_failures_total", store="file")

    assert {ask(as_role(Role.CUSTOMER)) for _ in range(9)} == {200}

    assert measured("throttle_store_failures_total", store="file") > before
    assert "was not counted in file" in caplog.text


# --- One count for all machines -------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["http://redis", "redis:6379", "redis://:hunter2@redis:port/0"])
def test_an_address_that_is_none_is_refused_without_its_password(wrong):
    with pytest.raises(ValueError, match="an address such as redis://redis:6379/0") as refused:
        address(wrong)

    assert "hunter2" not in str(refused.value)


def test_redis_counts_as_a_machine_does(redis):
    rate = Rate(3, MINUTE)

    waits = [RedisCounters(redis, KEY).wait("u1", rate) for _ in range(4)]

    assert waits[:3] == [0.0] * 3
    assert 19 < waits[3] <= 20
    assert RedisCounters(redis, KEY).wait("u2", rate) == 0.0


@pytest.mark.django_db
def test_machines_with_one_redis_count_together(as_role, settings, redis, tmp_path):
    settings.CACHE_URL = redis
    for machine in ("one", "two", "three"):
        settings.STATE_DIR = tmp_path / machine
        assert ask(as_role(Role.CUSTOMER, subject="u9"), "u9") == 200

    settings.STATE_DIR = tmp_path / "four"

    assert ask(as_role(Role.CUSTOMER, subject="u9"), "u9") == 429


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["nobody listens", "nobody answers"])
def test_without_redis_each_machine_counts_for_itself_and_says_so(as_role, settings, how, caplog):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        if how == "nobody answers":
            deaf.listen()
        settings.CACHE_URL = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        before = measured("throttle_store_failures_total", store="redis")
        started = time.monotonic()

        statuses = [ask(as_role(Role.CUSTOMER, subject="u8"), "u8") for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    # Asked once, not by each request.
    assert time.monotonic() - started < 2.0
    assert measured("throttle_store_failures_total", store="redis") > before
    assert "not counted in redis" in caplog.text


def test_a_request_that_is_throttled_says_so_on_every_endpoint_of_the_schema(as_role, settings, db):
    settings.THROTTLE_ROLES = parse_by_role("auditor=1/h", list(Role))
    token = issue("a1", ["auditor"], seconds=60)
    client = as_role()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    client.get("/audit")

    reply = client.get("/audit.jsonl")

    assert reply.status_code == 429
    assert json.loads(reply.content)["request_id"] == reply["X-Request-ID"]
