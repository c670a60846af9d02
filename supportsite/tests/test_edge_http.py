"""What NGINX refuses, hides, limits, passes on and writes down."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from supportsite.tests.edge import (
    Authority,
    Mirror,
    Nginx,
    exchange,
    reply,
    request,
    statuses,
    tls,
)
from supportsite.web.problems import problem_type


@pytest.fixture(scope="module")
def nginx(authority: Authority, mirror: Mirror, tmp_path_factory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("http")
    with Nginx(folder, authority, f"unix:{mirror.socket}", certificates="") as one:
        yield one


@pytest.fixture
def ask(nginx: Nginx, mirror: Mirror, authority: Authority):
    """Status, headers and body of the reply to a request, byte by byte if need be."""
    mirror.seen.clear()

    def send(path: str = "/tickets", *headers: str, raw: bytes = b"", **more: str):
        return reply(exchange(nginx.port, raw or request(path, *headers, **more), tls(authority)))

    return send


# --- What is not for outside ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/metrics/", "/metrics?name[]=a", "//metrics", "/./metrics", "/a/../metrics"),
        *("/%6detrics", "/metrics%2f", "/metrics;a", "/metrics%00", "/%2e/metrics", "/metrics#a"),
        *("/readyz", "/readyz/", "//readyz", "/a/%2e%2e/readyz"),
        *("/dev/token", "/dev/token/", "/dev", "/dev/", "//dev//token", "/%64ev/token"),
        *("https://localhost/metrics", "/docs/../metrics", "/admin/login/../../metrics"),
    ],
)
def test_what_is_for_inside_is_not_found_outside(ask, mirror, path):
    for method in ("GET", "POST"):
        status, _, _ = ask(path, method=method)

        assert status in (400, 404)
    assert mirror.heads() == []


def test_all_other_requests_are_forwarded_unchanged(ask, mirror):
    status, _, _ = ask("/faqs/a%2Fb?x=%20&y=//")

    assert status == 200
    assert mirror.seen.pop().startswith(b"GET /faqs/a%2Fb?x=%20&y=// HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("localhost", "localhost", id="a name"),
        pytest.param("localhost:8443", "localhost:8443", id="with a port"),
        pytest.param("LocalHost:8443", "localhost:8443", id="in capitals"),
        pytest.param("[::1]:8443", "[::1]:8443", id="IPv6"),
        pytest.param("[::1]", "[::1]", id="IPv6 without a port"),
    ],
)
def test_the_service_gets_the_requested_host(ask, mirror, host, expected):
    ask(raw=request().replace(b"Host: localhost", f"Host: {host}".encode()))

    (head,) = mirror.heads()
    assert head["host"] == [expected]


def test_what_others_may_say_of_a_request_is_dropped(ask, mirror):
    ask(
        "/tickets",
        "X-Forwarded-For: 203.0.113.7",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Ssl: off",
        "X-Real-IP: 203.0.113.7",
        "Forwarded: for=203.0.113.7",
        "Script_Name: /metrics",
    )

    (head,) = mirror.heads()
    assert head["x-forwarded-for"] == ["127.0.0.1"]
    assert head["x-forwarded-proto"] == ["https"]
    assert not set(head) & {
        *("x-forwarded-host", "x-forwarded-ssl", "x-real-ip", "forwarded", "script_name"),
    }


@pytest.mark.parametrize(
    ("offered", "is_kept"),
    [
        pytest.param("order-12345", True, id="a plain word"),
        pytest.param('a"b{c}-defgh', False, id="what is none"),
        pytest.param("short", False, id="what is too short"),
    ],
)
def test_a_request_has_one_id_in_both_logs(ask, mirror, offered, is_kept):
    ask("/tickets", f"X-Request-ID: {offered}")

    (head,) = mirror.heads()
    (answer,) = head["x-request-id"]
    assert (answer == offered) is is_kept
    assert len(answer) >= 8


# --- Plain HTTP -----------------------------------------------------------------------------------


def test_plain_http_leads_to_https(nginx):
    status, headers, _ = reply(exchange(nginx.plain_port, request("/admin/?next=/docs")))

    assert status == 308
    assert headers["Location"] == "https://localhost/admin/?next=/docs"
    assert "Strict-Transport-Security" not in headers


def test_what_changes_something_is_refused_there(nginx):
    status, headers, body = reply(exchange(nginx.plain_port, request("/ask", method="POST")))

    assert status == 403
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"] == "This is served over HTTPS only."


def test_plain_http_on_the_port_of_https_is_refused(nginx):
    status, _, body = reply(exchange(nginx.port, request()))

    assert status == 400
    assert json.loads(body)["status"] == 400


# --- Headers of replies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [pytest.param("/tickets", id="the service's"), pytest.param("/metrics", id="nginx's")]
)
def test_each_security_header_comes_once(ask, path):
    _, headers, _ = ask(path)

    assert headers.get_all("Strict-Transport-Security") == ["max-age=63072000"]
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("X-Frame-Options") == ["DENY"]
    assert headers.get_all("Referrer-Policy") == ["same-origin"]
    assert headers["Server"] == "nginx"
    assert "Retry-After" not in headers


def test_what_nginx_refuses_is_a_problem_document(ask):
    status, headers, body = ask("/metrics", "X-Request-ID: my-request")

    problem = json.loads(body)
    assert status == 404
    assert headers["Content-Type"] == "application/problem+json"
    assert problem == {
        "type": problem_type(404),
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "request_id": "my-request",
    }


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "bytes_", "status"),
    [
        pytest.param("/tickets", 256 * 1024, 200, id="a body"),
        pytest.param("/tickets", 256 * 1024 + 1, 413, id="a large body"),
        pytest.param("/ingest", 2 * 1024**2, 200, id="a file"),
        pytest.param("/ingestion", 2 * 1024**2, 413, id="a file elsewhere"),
    ],
)
def test_bodies_are_limited_where_they_are_sent_to(ask, path, bytes_, status):
    matches, headers, _ = ask(path, method="POST", body="a" * bytes_)

    assert matches == status
    if status == 413:
        assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(request("/" + "a" * 9_000), 414, id="a long address"),
        pytest.param(request("/tickets", "X-Long: " + "a" * 9_000), 431, id="a long header"),
        pytest.param(
            request("/tickets", *(f"X-{n}: {'a' * 4_000}" for n in range(20))),
            431,
            id="many headers",
        ),
        pytest.param(b"GET\r\n\r\n", 400, id="what is no request"),
    ],
)
def test_headers_are_limited(ask, mirror, raw, status):
    matches, headers, body = ask(raw=raw)

    assert matches == json.loads(body)["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
    assert mirror.heads() == []


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("/tickets", range(95, 200), id="requests"),
        pytest.param("/admin/login/", range(11, 14), id="signing in"),
    ],
)
def test_too_many_requests_get_429_with_retry_after(authority, mirror, tmp_path, path, allowed):
    one = request(path).replace(b"Connection: close\r\n", b"")
    with Nginx(tmp_path, authority, f"unix:{mirror.socket}", certificates="") as nginx:
        output = exchange(nginx.port, one * 300 + request(path), tls(authority))
        last = reply(output[output.rindex(b"HTTP/1.1 ") :])

    assert statuses(output).count(200) in allowed
    assert statuses(output).count(429) == 301 - statuses(output).count(200)
    status, headers, body = last
    assert (status, headers["Retry-After"]) == (429, "1")
    assert json.loads(body)["title"] == "Too Many Requests"


def test_who_sends_its_headers_too_slowly_is_let_go(authority, mirror, tmp_path):
    quicker = {"limits.conf": ("client_header_timeout 10s", "client_header_timeout 1s")}
    upstream = f"unix:{mirror.socket}"
    with (
        Nginx(tmp_path, authority, upstream, certificates="", changes=quicker) as nginx,
        socket.create_connection(("127.0.0.1", nginx.port), 5) as plain,
        tls(authority).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET /tickets HTTP/1.1\r\n")
        began = time.monotonic()

        assert b"200" not in connection.recv(4096)
        assert time.monotonic() - began < 3


# --- Events ---------------------------------------------------------------------------------------


def test_events_are_passed_on_as_they_come(nginx, authority):
    times = []
    with (
        socket.create_connection(("127.0.0.1", nginx.port), 5) as plain,
        tls(authority).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request("/ask", "Accept: text/event-stream", method="POST", body="{}"))
        output = b""
        while part := connection.recv(65536):
            output += part
            times += [time.monotonic()] * part.count(b"event: step")

    assert output.count(b"event: step") == 3
    assert times[1] - times[0] > 0.2
    assert times[2] - times[1] > 0.2
    assert b"X-Accel-Buffering" not in output


# --- When the service is away ---------------------------------------------------------------------


def test_a_service_that_is_away_is_a_problem_document_and_nothing_personal_is_logged(
    authority, tmp_path
):
    upstream = f"unix:{tmp_path}/nobody.sock"
    with Nginx(tmp_path, authority, upstream, certificates="") as nginx:
        output = exchange(nginx.port, request("/tickets?user_id=amina"), tls(authority))
        status, headers, body = reply(output)

        assert status == 502
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["detail"] == "The service does not answer."
        assert "amina" not in nginx.errors + nginx.log.read_text()
        assert json.loads(nginx.log.read_text())["upstream_status"] == "502"


# --- What is written down -------------------------------------------------------------------------


def test_the_access_log_has_the_result_and_no_personal_data(authority, mirror, tmp_path):
    with Nginx(tmp_path, authority, f"unix:{mirror.socket}", certificates="optional") as nginx:
        mine = tls(authority, authority.file("client.crt"))
        routes = {
            "/": "/",
            "/ask": "/ask",
            "/tickets/17?user_id=amina": "/tickets",
            "/faqs/my-secret-question": "/faqs",
            "/faqs.csv": "/faqs",
            "/amina@example.com": "other",
            "/ticketsamina": "other",
            "/metrics": "other",
            "/static/x.css?amina": "/static",
        }
        for path in routes:
            exchange(
                nginx.port,
                request(path, "Referer: https://a.example/amina", "User-Agent: amina"),
                mine,
            )
        text = nginx.log.read_text()

    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["route"] for line in lines] == list(routes.values())
    assert {line["client_certificate"] for line in lines} == {"SUCCESS"}
    assert lines[2]["status"] == 200
    assert lines[2]["request_id"]
    # Times, sizes and random ids contain any digits by chance.
    random = ("time", "request_id", "seconds", "upstream_seconds", "bytes")
    texts = [str({key: line[key] for key in line if key not in random}) for line in lines]
    for personal in ("amina", "127.0.0.1", "17", "secret", "CN=client"):
        assert not [text for text in texts if personal in text]
