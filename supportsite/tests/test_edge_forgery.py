"""Ways to be taken for a caller with a certificate, without one. None of them works.

Who is let in to /tickets is told 401, for want of a token; nobody here may be. The edge of these
tests lets callers without a certificate through to the service (``optional``), so that it is the
headers that are tried and not nginx's own gate.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded, StreamReset

from supportsite.tests.edge import (
    SECRET,
    Authority,
    Gunicorn,
    Mirror,
    Nginx,
    exchange,
    replaced,
    request,
    statuses,
    tls,
)

LET_IN = 401
FORGED = "X-SSL-Client-Verify: SUCCESS"


@pytest.fixture(scope="module")
def edge(authority: Authority, service: Gunicorn, tmp_path_factory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("edge")
    with Nginx(folder, authority, f"unix:{service.socket}", certificates="optional") as nginx:
        yield nginx


@pytest.fixture(scope="module")
def mirrored(authority: Authority, mirror: Mirror, tmp_path_factory) -> Iterator[Nginx]:
    """The same edge, before something that tells what it was sent."""
    folder = tmp_path_factory.mktemp("mirrored")
    with Nginx(folder, authority, f"unix:{mirror.socket}", certificates="optional") as nginx:
        yield nginx


# --- In HTTP/1.1, through nginx -------------------------------------------------------------------


def with_headers(*lines: str) -> bytes:
    return request("/tickets", *lines)


def posted(headers: str, body: str) -> bytes:
    head = f"POST /tickets HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"
    return (head + body).encode("latin-1")


INNER = f"GET /tickets HTTP/1.1\r\nHost: localhost\r\n{FORGED}\r\nConnection: close\r\n\r\n"

HTTP1 = {
    "the header itself": with_headers(FORGED),
    "twice": with_headers(FORGED, FORGED),
    "twice, first another verdict": with_headers("X-SSL-Client-Verify: NONE", FORGED),
    "twice, first empty": with_headers("X-SSL-Client-Verify:", FORGED),
    "in lower case": with_headers(FORGED.lower().replace("success", "SUCCESS")),
    "in upper case": with_headers(FORGED.upper()),
    "with underscores": with_headers("X_SSL_Client_Verify: SUCCESS"),
    "with one underscore": with_headers("X-SSL-Client_Verify: SUCCESS"),
    "with dots": with_headers("X.SSL.Client.Verify: SUCCESS"),
    "as WSGI names it": with_headers("HTTP_X_SSL_CLIENT_VERIFY: SUCCESS"),
    "a space before the colon": with_headers("X-SSL-Client-Verify : SUCCESS"),
    "a tab before the colon": with_headers("X-SSL-Client-Verify\t: SUCCESS"),
    "a space before the name": with_headers("X-Other: a", " " + FORGED),
    "a tab before the name": with_headers("X-Other: a", "\t" + FORGED),
    "the value on the next line": with_headers("X-SSL-Client-Verify:", " SUCCESS"),
    "spaces and tabs around the value": with_headers("X-SSL-Client-Verify: \t SUCCESS \t "),
    "after a bare line feed": with_headers("X-Other: a\n" + FORGED),
    "after a bare carriage return": with_headers("X-Other: a\r" + FORGED),
    "after a NUL": with_headers("X-Other: a\0\r\n" + FORGED),
    "a name with a control character": with_headers("X-SSL-Client-Verify\x0b: SUCCESS"),
    "a name beyond ASCII": with_headers("X\xadSSL-Client-Verify: SUCCESS"),
    "taken away hop by hop": with_headers(FORGED, "Connection: X-SSL-Client-Verify"),
    "nginx's own taken away hop by hop": with_headers(
        "Connection: close, X-SSL-Client-Verify, X-SSL-Client-Subject, X-Forwarded-For"
    ),
    "with a guess at the secret": with_headers(FORGED, "X-Proxy-Secret: " + "0" * 32),
    "with an empty secret": with_headers(FORGED, "X-Proxy-Secret:"),
    "with the name of who has one": with_headers(
        FORGED, "X-SSL-Client-Subject: CN=client,O=supportsite"
    ),
    "as the edge is said to be on this machine": with_headers(
        FORGED, "X-Forwarded-For: 127.0.0.1", "X-Real-IP: ", "Forwarded: for=unix:"
    ),
    "as if from the service's own probe": with_headers("SCRIPT_NAME: /tickets", FORGED),
    "in HTTP/1.0": f"GET /tickets HTTP/1.0\r\n{FORGED}\r\n\r\n".encode(),
    "in HTTP/0.9": f"GET /tickets\r\n{FORGED}\r\n\r\n".encode(),
    "with the whole address": (
        f"GET https://localhost/tickets HTTP/1.1\r\nHost: localhost\r\n{FORGED}\r\n"
        "Connection: close\r\n\r\n"
    ).encode(),
    "in the trailers": posted(
        "Transfer-Encoding: chunked\r\nTrailer: X-SSL-Client-Verify\r\nConnection: close",
        f"0\r\n{FORGED}\r\n\r\n",
    ),
    "behind a length that is not the body's": posted(
        f"Content-Length: 6\r\nTransfer-Encoding: chunked\r\nX-Keep: {'a' * 8}",
        "0\r\n\r\n" + INNER,
    ),
    "behind two lengths": posted("Content-Length: 0\r\nContent-Length: 200", INNER),
    "behind a list of lengths": posted("Content-Length: 0, 200", INNER),
    "behind a signed length": posted("Content-Length: +0", INNER),
    "behind an odd encoding": posted("Transfer-Encoding: xchunked", "0\r\n\r\n" + INNER),
    "behind an encoding with a space": posted(
        "Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n" + INNER
    ),
    "behind two encodings": posted(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n" + INNER
    ),
    "behind a broken chunk": posted(
        "Transfer-Encoding: chunked", "1;\n" + "a\r\n0\r\n\r\n" + INNER
    ),
    "behind an upgrade to HTTP/2": request(
        "/tickets", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
    )[:-4]
    + b"\r\n\r\n"
    + INNER.encode(),
    "in a second request": request("/tickets").replace(b"close", b"keep-alive") + INNER.encode(),
}


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in HTTP1.items()])
def test_no_request_through_nginx_can_say_it_has_a_certificate(edge, authority, raw):
    output = exchange(edge.port, raw, tls(authority))

    assert set(statuses(output)) <= {400, 403, 501}
    # HTTP/0.9 has no status.
    assert b"Unauthorized" not in output


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in HTTP1.items()])
def test_no_such_word_of_the_caller_reaches_the_service(mirrored, mirror, authority, raw):
    exchange(mirrored.port, raw, tls(authority))

    for head in mirror.heads():
        assert head.get("x-ssl-client-verify") == ["NONE"]
        assert head.get("x-proxy-secret") == [SECRET]
        assert head.get("x-forwarded-for") == ["127.0.0.1"]
        assert not any("_" in name for name in head)
        assert "SUCCESS" not in str(head)


@pytest.mark.parametrize(
    "name", ["X-SSL-Client-Verify", "X-SSL-Client-Subject", "X-SSL-Client-Cert", "X-Proxy-Secret"]
)
def test_who_sends_what_only_the_edge_may_is_refused_there(mirrored, mirror, authority, name):
    output = exchange(mirrored.port, with_headers(f"{name}: a"), tls(authority))

    assert statuses(output) == [403]
    assert b"only the edge may set" in output
    assert mirror.heads() == []


def test_who_has_a_certificate_cannot_give_itself_another_name(edge, mirrored, mirror, authority):
    mine = tls(authority, authority.file("client.crt"))
    raw = with_headers("X-SSL-Client-Subject: CN=admin")

    assert statuses(exchange(edge.port, raw, mine)) == [403]
    exchange(mirrored.port, with_headers("X_SSL_Client_Subject: CN=admin"), mine)
    (head,) = mirror.heads()
    assert head["x-ssl-client-subject"] == ["CN=client,O=supportsite"]


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in HTTP1.items()])
def test_nothing_gets_in_by_plain_http(edge, raw):
    assert not {200, LET_IN} & set(statuses(exchange(edge.plain_port, raw)))


# --- In HTTP/2 ------------------------------------------------------------------------------------


def http2(nginx: Nginx, authority: Authority, headers: list[tuple[str, str]], trailers=()) -> int:
    """The status of GET /tickets with these headers, whether or not HTTP/2 allows them; 0 if the
    other side ends the stream or the connection instead."""
    context = tls(authority)
    context.set_alpn_protocols(["h2"])
    careless = H2Configuration(
        validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="latin-1"
    )
    with (
        socket.create_connection(("127.0.0.1", nginx.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"
        speaker = H2Connection(careless)
        speaker.initiate_connection()
        fields = [
            (":method", "GET"),
            (":path", "/tickets"),
            (":scheme", "https"),
            (":authority", "localhost"),
            *headers,
        ]
        speaker.send_headers(1, fields, end_stream=not trailers)
        if trailers:
            speaker.send_headers(1, trailers, end_stream=True)
        connection.sendall(speaker.data_to_send())
        while data := connection.recv(65536):
            for event in speaker.receive_data(data):
                if isinstance(event, ResponseReceived):
                    return int(dict(event.headers)[":status"])
                if isinstance(event, (StreamReset, StreamEnded, ConnectionTerminated)):
                    return 0
            connection.sendall(speaker.data_to_send())
    return 0


@pytest.mark.parametrize(
    ("headers", "trailers"),
    [
        pytest.param([("x-ssl-client-verify", "SUCCESS")], [], id="the header itself"),
        pytest.param([("x_ssl_client_verify", "SUCCESS")], [], id="with underscores"),
        pytest.param([("X-SSL-Client-Verify", "SUCCESS")], [], id="in upper case"),
        pytest.param([(":x-ssl-client-verify", "SUCCESS")], [], id="as a pseudo-header"),
        pytest.param(
            [("x-other", "a\r\nx-ssl-client-verify: SUCCESS")], [], id="within another's value"
        ),
        pytest.param(
            [("x-other: a\r\nx-ssl-client-verify", "SUCCESS")], [], id="within another's name"
        ),
        pytest.param([("x-ssl-client-verify:", "SUCCESS")], [], id="with a colon"),
        pytest.param(
            [("transfer-encoding", "chunked"), ("x-ssl-client-verify", "SUCCESS")],
            [],
            id="with an encoding",
        ),
        pytest.param([(":path", "/tickets\r\nX-SSL-Client-Verify: SUCCESS")], [], id="in the path"),
        pytest.param(
            [("connection", "x-ssl-client-verify"), ("x-ssl-client-verify", "SUCCESS")],
            [],
            id="hop by hop",
        ),
        pytest.param([], [("x-ssl-client-verify", "SUCCESS")], id="in the trailers"),
    ],
)
def test_nor_can_one_in_http2(edge, mirrored, mirror, authority, headers, trailers):
    assert http2(edge, authority, headers, trailers) in (0, 400, 403)
    http2(mirrored, authority, headers, trailers)
    for head in mirror.heads():
        assert head["x-ssl-client-verify"] == ["NONE"]
        assert "SUCCESS" not in str(head)


def test_http2_is_spoken(edge, authority):
    assert http2(edge, authority, []) == 403


# --- With a configuration that somebody has spoilt ------------------------------------------------

BARE = """location = /tickets {
            proxy_set_header X-Anything "";
            proxy_pass http://supportsite;
        }
        location / {"""
GATE = "if ($poses_as_edge)"


@pytest.fixture
def spoilt(authority: Authority, service: Gunicorn, tmp_path: Path) -> Callable[..., int]:
    """The status that a forged request has with these changes to a server block."""

    def ask(*changes: tuple[str, str], headers: str = FORGED, plain: bool = False) -> int:
        shutil.rmtree(tmp_path / "conf", ignore_errors=True)
        nginx = Nginx(tmp_path, authority, f"unix:{service.socket}", certificates="optional")
        conf = tmp_path / "conf" / "nginx.conf"
        head, *servers = conf.read_text().split("    server {\n")
        which = 0 if plain else 1
        for old, new in changes:
            servers[which] = replaced(servers[which], old, new)
        conf.write_text("    server {\n".join([head, *servers]))
        with nginx:
            port, context = (nginx.plain_port, None) if plain else (nginx.port, tls(authority))
            (status,) = statuses(exchange(port, with_headers(headers), context))
        return status

    return ask


def test_a_location_with_its_own_header_refuses_everybody(spoilt):
    assert spoilt(("location / {", BARE)) == 403
    assert spoilt(("location / {", BARE), headers="X-Other: a") == 403


def test_nor_does_it_where_the_callers_header_is_not_looked_for(spoilt):
    # nginx passes it on now; but not the secret, which is lost with all of proxy.conf.
    assert spoilt(("location / {", BARE), (GATE, "if ($http_x_nothing)")) == 403


def test_nor_does_plain_http_that_passes_requests_on(spoilt):
    assert spoilt(("location / {", BARE), plain=True) == 403


# --- Past nginx -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([FORGED], id="the header itself"),
        pytest.param([FORGED, "X-Proxy-Secret: " + SECRET.lower()], id="nearly the secret"),
        pytest.param([FORGED, "X-Proxy-Secret: " + SECRET + "," + SECRET], id="the secret twice"),
        pytest.param([FORGED, "X_Proxy_Secret: " + SECRET], id="the secret, with underscores"),
        pytest.param([FORGED, "Remote-Addr: ", "REMOTE_ADDR: "], id="an empty address"),
        pytest.param([FORGED, "X-Forwarded-For: unix:"], id="an address that is a socket"),
    ],
)
def test_nobody_gets_in_directly(service, headers):
    assert statuses(exchange(service.port, with_headers(*headers))) == [403]


def test_nor_by_saying_who_one_is_in_haproxys_way(service):
    raw = b"PROXY UNKNOWN\r\n" + with_headers(FORGED)

    assert statuses(exchange(service.port, raw)) == [400]


def test_a_secret_is_required_on_the_socket_too(service):
    assert statuses(service.over_socket(with_headers(FORGED))) == [403]
    reply = with_headers(FORGED, f"X-Proxy-Secret: {SECRET}")
    assert statuses(service.over_socket(reply)) == [LET_IN]


def test_without_a_secret_gunicorns_socket_lets_in_and_its_port_does_not(tmp_path):
    """What proxy.py builds on: gunicorn gives a peer on a socket no address, one on TCP always."""
    with Gunicorn(tmp_path, PROXY_SECRET="") as open_gunicorn:
        forged = with_headers(FORGED, "Remote-Addr: ", "X-Proxy-Secret: ")

        assert statuses(open_gunicorn.over_socket(with_headers(FORGED))) == [LET_IN]
        assert statuses(open_gunicorn.over_socket(with_headers())) == [403]
        assert statuses(exchange(open_gunicorn.port, forged)) == [403]
        named = socket.socket(socket.AF_UNIX)
        named.bind(str(tmp_path / "named.sock"))
        named.connect(str(open_gunicorn.socket))
        named.sendall(with_headers(FORGED))
        assert b" 403 " in named.recv(4096)
