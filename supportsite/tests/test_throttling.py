"""Throttles: callers above their rate get 429, others are not affected."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import pytest
from django.core.cache import caches
from django.test import Client
from prometheus_client import REGISTRY
from redis import ConnectionError as NotUp
from redis import Redis

from audit.identity.principal import Role
from audit.models import Record
from supportsite.auth.authentication import issue
from supportsite.throttling import throttles
from supportsite.throttling.caches import parse as parse_caches
from supportsite.throttling.caches import redis_url
from supportsite.throttling.rates import parse, parse_by_role


@pytest.fixture(autouse=True)
def throttled(settings):
    """A site for others, on which nobody has asked anything yet."""
    settings.CACHES = parse_caches("")
    for name in caches:
        caches[name].clear()
    throttles._redis.succeeded()
    settings.THROTTLE_ROLES = parse_by_role("customer=3/min support=5/min", list(Role))
    settings.THROTTLE_ADDRESS = parse("6/min")
    settings.THROTTLE_FAILURES = parse("4/min")


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    """The address of a real one."""
    assert shutil.which("redis-server"), "install redis-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(
        command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL
    ) as process:
        for _ in range(100):
            try:
                Redis(port=port).ping()
                break
            except NotUp:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


def ask(client, subject: str = "u1") -> int:
    return client.get("/tickets", {"user_id": subject}).status_code


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# --- For callers ----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestCallers:
    def test_a_customer_who_asks_too_often_gets_retry_after(self, as_role):
        client, before = as_role(Role.CUSTOMER), measured("throttle_refused_total", by="subject")

        assert [ask(client) for _ in range(4)] == [200, 200, 200, 429]
        reply = client.get("/tickets")

        assert reply["Content-Type"] == "application/problem+json"
        assert 1 <= int(reply["Retry-After"]) <= 60
        assert reply.json()["status"] == 429
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

    def test_a_caller_who_asks_too_much_does_not_use_up_its_addresss_rate(self, as_role):
        assert [ask(as_role(Role.CUSTOMER)) for _ in range(9)] == [200] * 3 + [429] * 6

        assert [ask(as_role(Role.CUSTOMER, subject="u2"), "u2") for _ in range(3)] == [200] * 3

    def test_permission_is_checked_first(self, as_role):
        client = as_role(Role.CUSTOMER)
        for _ in range(4):
            ask(client)

        assert client.get("/audit").status_code == 403

    def test_no_limit_on_a_local_site(self, as_role, settings):
        settings.THROTTLE_ROLES, settings.THROTTLE_FAILURES = {}, None

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
            client.get("/tickets", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
            for number in range(6)
        ]

        assert statuses[-1] == 429

    def test_behind_the_proxy_each_address_is_counted_separately(self, client, settings):
        settings.PROXY_SECRETS = ["p" * 40]
        proxied = {"X-Proxy-Secret": "p" * 40}

        def fail(address: str) -> int:
            headers = {**proxied, "X-Forwarded-For": address}
            return client.get("/tickets", headers=headers).status_code

        assert [fail("192.0.2.1") for _ in range(5)] == [401] * 4 + [429]
        assert fail("192.0.2.2") == 401
        assert [fail(f"2001:db8::{number}") for number in range(5)] == [401] * 4 + [429]


# --- Where it is counted --------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["http://redis", "redis:6379", "redis://:hunter2@redis:port/0"])
def test_an_address_that_is_none_is_refused_without_its_password(wrong):
    with pytest.raises(ValueError, match="an address such as redis://redis:6379/0") as refused:
        redis_url(wrong)

    assert "hunter2" not in str(refused.value)


@pytest.mark.django_db
def test_processes_with_one_redis_count_together(as_role, settings, redis_server):
    settings.CACHES = parse_caches(redis_server)
    assert [ask(as_role(Role.CUSTOMER, subject="u9"), "u9") for _ in range(3)] == [200] * 3

    # As another process would: no memory of its own, the same Redis.
    settings.CACHES = parse_caches(redis_server)

    assert ask(as_role(Role.CUSTOMER, subject="u9"), "u9") == 429


@pytest.mark.django_db
def test_who_is_refused_again_and_again_fills_no_audit_trail(as_role):
    curious = as_role(Role.CUSTOMER)

    statuses = [curious.get("/audit").status_code for _ in range(6)]
    reply = curious.get("/audit")

    assert statuses == [403] * 4 + [429] * 2
    assert 1 <= int(reply["Retry-After"]) <= 60
    assert Record.objects.filter(action="request.refused").count() == 4
    # What they may do they still may, and nobody else pays for them.
    assert ask(curious) == 200
    assert as_role(Role.CUSTOMER, subject="u2").get("/audit").status_code == 403


@pytest.mark.django_db
def test_forms_without_a_token_of_ours_fill_no_audit_trail_either():
    anybody = Client(enforce_csrf_checks=True)

    statuses = [anybody.post("/admin/login/", {"username": "sam"}).status_code for _ in range(6)]

    assert statuses == [403] * 4 + [429] * 2
    assert "Too many requests were refused." in anybody.post("/admin/login/").content.decode()
    assert Record.objects.filter(action="request.refused").count() == 4


@pytest.mark.django_db
def test_redis_does_not_learn_who_asks_and_forgets_after_the_period(
    as_role, settings, redis_server
):
    settings.CACHES = parse_caches(redis_server)
    ask(as_role(Role.CUSTOMER, subject="u7"), "u7")

    with Redis.from_url(redis_server) as client:
        keys = client.keys()
        assert keys
        assert not any(b"u7" in key or b"127.0.0.1" in key for key in keys)
        assert all(0 < client.ttl(key) <= 60 for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["nobody listens", "nobody answers"])
def test_without_redis_each_process_counts_for_itself_and_says_so(as_role, settings, how, caplog):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        if how == "nobody answers":
            deaf.listen()
        settings.CACHES = parse_caches(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        before = measured("throttle_store_failures_total", store="redis")

        statuses = [ask(as_role(Role.CUSTOMER, subject="u8"), "u8") for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert measured("throttle_store_failures_total", store="redis") > before
    # Tried once, not by each request.
    assert caplog.text.count("was not counted in Redis") == 1


@pytest.mark.django_db
def test_once_redis_is_back_it_counts_again(as_role, settings, redis_server, monkeypatch):
    settings.CACHES = parse_caches("redis://127.0.0.1:9/0")
    monkeypatch.setattr(throttles._redis, "_rest_seconds", 0.1)
    assert ask(as_role(Role.CUSTOMER, subject="u6"), "u6") == 200
    settings.CACHES = parse_caches(redis_server)
    time.sleep(0.2)

    before = measured("throttle_store_failures_total", store="redis")
    assert ask(as_role(Role.CUSTOMER, subject="u6"), "u6") == 200

    assert measured("throttle_store_failures_total", store="redis") == before


def test_a_request_that_is_throttled_says_so_on_every_endpoint_of_the_schema(as_role, settings, db):
    settings.THROTTLE_ROLES = parse_by_role("auditor=1/h", list(Role))
    token = issue("a1", ["auditor"], seconds=60)
    client = as_role()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    client.get("/audit")

    reply = client.get("/audit.jsonl")

    assert reply.status_code == 429
    assert json.loads(reply.content)["request_id"] == reply["X-Request-ID"]


def test_every_reply_says_what_is_left_of_the_limit(as_role, db):
    client = as_role("customer", subject="u9")

    replies = [client.get("/tickets") for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    left = [reply["RateLimit"].rpartition(";")[0] for reply in replies]
    assert left == ['"subject";r=2', '"subject";r=1', '"subject";r=0', '"subject";r=0']
    assert {reply["RateLimit-Policy"] for reply in replies} == {'"subject";q=3;w=60'}
