"""Whatever is sent to it, the site answers; an error is a problem document and tells nothing else.

Requests go through the WSGI application itself, as gunicorn's do: Django's test client would hide
what fails before the first middleware.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from wsgiref.util import setup_testing_defaults

import jwt
import pytest
from django.conf import settings
from django.urls import path, resolve

from audit.multipart import WholeMultiPartParser
from supportsite import urls
from supportsite.auth.authentication import issue
from supportsite.auth.dev_token import DevTokenView
from supportsite.tests.bodies import (
    HEADER_ROW,
    JSON,
    MULTIPART,
    PARTS,
    RAW,
    Body,
    bodies,
    part,
    queries,
    turns,
)
from supportsite.tests.test_access import ROUTES
from supportsite.web.parsers import is_deeper_than
from supportsite.web.problems import CONTENT_TYPE
from supportsite.wsgi import application
from tickets.models import Ticket

# As while developing, where one more route exists.
urlpatterns = [path("dev/token", DevTokenView.as_view()), *urls.urlpatterns]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

pytestmark = [pytest.mark.urls(__name__), pytest.mark.slow]

RANDOM_BODIES = 5
"""Sent to each endpoint besides the collection."""

TICKET = 1_000_000_000
"""The id of one that is there; far from those that the site gives out."""

TELLTALES = (
    *("traceback", 'file "', "site-packages", "<html", "<!doctype", "<h1", "exception", "errno"),
    *("django", "rest_framework", "psycopg", "postgres", "chroma", "jwt", "sys.", "python"),
)
"""What an error may not show: a stack, a vendor, a page."""

MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "request_id": str}


@dataclass(frozen=True)
class Reply:
    method: str
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def faults(self) -> list[str]:
        """What is wrong with it, in words; a reply below 400 only has to have a request id."""
        matches = []
        if self.status >= 500:
            matches.append(f"status {self.status}")
        if "X-Request-ID" not in self.headers:
            matches.append("no X-Request-ID")
        if self.status >= 400 and self.method != "HEAD":
            matches += self._problem_faults()
        return matches

    def _problem_faults(self) -> list[str]:
        text = self.body.decode().lower()
        matches = [f"shows {telltale!r}" for telltale in TELLTALES if telltale in text]
        if self.headers["Content-Type"] != CONTENT_TYPE:
            return [*matches, f"is {self.headers['Content-Type']}"]
        problem = json.loads(self.body)
        matches += [
            f"{name} is {problem.get(name)!r}"
            for name, kind in MEMBERS.items()
            if not isinstance(problem.get(name), kind) or not problem[name]
        ]
        if problem.get("status") != self.status:
            matches.append("status is another one in the document")
        if problem.get("request_id") != self.headers.get("X-Request-ID"):
            matches.append("request_id is another one in the header")
        return matches


def send(method: str, target: str, body: Body | None = None, **environment: str) -> Reply:
    """One request, as admin unless HTTP_AUTHORIZATION says otherwise."""
    address, _, query = target.partition("?")
    sent = body or Body("nothing", b"", "")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "CONTENT_TYPE": sent.content_type,
        "CONTENT_LENGTH": str(len(sent.data)),
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": ADMIN,
        "wsgi.input": io.BytesIO(sent.data),
        **environment,
    }
    setup_testing_defaults(environ)
    started: dict[str, object] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        started.update(status=int(status.split()[0]), headers=dict(headers))

    chunks = application(environ, start_response)
    try:
        return Reply(method, **started, body=b"".join(chunks))
    finally:
        chunks.close()


ADMIN = "Bearer " + issue("u1", ["admin"], seconds=3600)


@pytest.fixture(autouse=True)
def ticket(kept_connection: None) -> None:
    Ticket.objects.create(pk=TICKET, message="Where is it?", requester="u1")


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """Thousands of requests are not worth a line each."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def assert_sound(sent: Iterable[tuple[str, Reply]]) -> None:
    """Every reply, named by what it answers, is without fault; a few of the others are told."""
    answered = [(name, reply, reply.faults()) for name, reply in sent]
    faulty = [f"{name} -> {reply}: {faults}" for name, reply, faults in answered if faults]
    assert not faulty, "\n".join([f"{len(faulty)} of {len(answered)}", *faulty[:5]])


ASK = {
    **{"user_id": "u1", "message": "How do I reset my password?", "conversation_id": "c1"},
    **{"category": "", "choice": ""},
}
ASK_ID = "11111111-2222-4333-8444-555555555555"
FEEDBACK = {"user_id": "u1", "helpful": False, "reason": "", "comment": "It is not there."}
OPENED = {"user_id": "u1", "message": "Where is it?", "ask_id": None}
INGESTED = {"file": [], "alternates": [], "retire_missing": False}
PAGE = {"user_id": "u1", "status": "open", "before": 9, "limit": 9}
RECORDS = {
    **{"action": "a", "outcome": "a", "actor": "u1", "subject": "u1", "about": "a:1"},
    **{"request_id": "r1", "since": 0, "until": 0, "before": 9, "limit": 9},
}

DRAFT = {
    **{
        "question": "Do you lend umbrellas?",
        "answer": "Yes.",
        "category": "a",
        "alternates": ["b"],
    },
    **{"threshold": 0.5, "margin": 0.1, "audience": "a", "owner": "a", "retired": False},
    **{"review_by": "2026-11-23"},
}
DRAFTS = {
    **{"status": "draft", "category": "a", "audience": "a", "owner": "a", "q": "a"},
    **{"review_by": "2026-11-23", "after": "a", "limit": 9},
}

PERIOD = {"from": "2026-11-01", "to": "2026-11-28", "category": "a", "audience": "a"}

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"]

ENDPOINTS = [
    pytest.param("POST", "/ask", ASK, id="ask"),
    pytest.param("POST", f"/asks/{ASK_ID}/feedback", FEEDBACK, id="give feedback"),
    pytest.param("POST", "/ingest", INGESTED, id="ingest"),
    pytest.param("POST", "/tickets", OPENED, id="open a ticket"),
    pytest.param("GET", "/tickets", PAGE, id="list tickets"),
    pytest.param("GET", f"/tickets/{TICKET}", {"user_id": "u1"}, id="read a ticket"),
    pytest.param("POST", f"/tickets/{TICKET}/claim", {"user_id": "u1"}, id="claim a ticket"),
    pytest.param("POST", f"/tickets/{TICKET}/resolve", {"user_id": "u1"}, id="resolve a ticket"),
    pytest.param("POST", f"/tickets/{TICKET}/comments", {"text": "Hm?"}, id="comment"),
    pytest.param("POST", f"/tickets/{TICKET}/attachments", {"text": "Hm?"}, id="attach"),
    pytest.param("GET", f"/tickets/{TICKET}/attachments/1", {}, id="an attachment"),
    pytest.param("PATCH", f"/tickets/{TICKET}", {"category": "lamps"}, id="amend a ticket"),
    *(
        pytest.param("POST", f"/tickets/{TICKET}/{move}", {"user_id": "u1"}, id=f"{move} a ticket")
        for move in ("wait", "resume", "close", "reopen")
    ),
    pytest.param("GET", "/tickets.csv", {}, id="export tickets"),
    pytest.param("POST", "/faqs", {"faq_id": "umbrella", **DRAFT}, id="add an FAQ"),
    pytest.param("GET", "/faqs", DRAFTS, id="list FAQs"),
    pytest.param("PUT", "/faqs/umbrella", DRAFT, id="write an FAQ"),
    pytest.param("PATCH", "/faqs/umbrella", DRAFT, id="change an FAQ"),
    pytest.param("GET", "/faqs.json", {}, id="export FAQs"),
    pytest.param("POST", "/imports", {"format": "csv"}, id="import FAQs"),
    pytest.param("GET", f"/jobs/{ASK_ID}", {}, id="a job"),
    pytest.param("GET", "/search", {"q": "order", "limit": 9}, id="search"),
    pytest.param("DELETE", "/people/nobody", {}, id="erase a person"),
    pytest.param("GET", "/gaps", {}, id="gaps"),
    pytest.param("GET", "/suggestions", {}, id="suggestions"),
    pytest.param("GET", "/outcomes", PERIOD, id="outcomes"),
    pytest.param("POST", "/releases", {"note": "a", "only": ["a"], "review": "a"}, id="publish"),
    pytest.param(
        "GET", "/releases", {"published_by": "u1", "since": 0, "before": 9}, id="releases"
    ),
    pytest.param("GET", "/releases/draft", {"only": "a", "after": "a"}, id="what waits"),
    pytest.param("GET", "/releases/1", {}, id="a release"),
    pytest.param("GET", "/releases/1/diff", {"against": 1, "limit": 9}, id="a difference"),
    pytest.param("POST", "/releases/1/rollback", {"note": "a"}, id="roll back"),
    pytest.param("GET", "/audit", RECORDS, id="audit"),
    pytest.param("GET", "/audit.jsonl", RECORDS, id="export the audit trail"),
    pytest.param("POST", "/dev/token", {"username": "u1", "role": "service"}, id="token for DEBUG"),
    pytest.param("GET", "/healthz", {}, id="alive"),
    pytest.param("GET", "/readyz", {}, id="ready"),
    # What these have to say takes 10 to 30 ms; a body is not read either way.
    pytest.param("POST", "/metrics", {}, id="metrics"),
    pytest.param("POST", "/schema", {}, id="schema"),
    pytest.param("POST", "/docs", {}, id="docs"),
    pytest.param("POST", "/", {}, id="root"),
    pytest.param("GET", "/widget/v1.js", {}, id="widget"),
    pytest.param("POST", "/nothing/here", {}, id="an unknown path"),
]

# Parsers and middleware are the same for all: their attacks go to one endpoint of each kind.
OF_EACH_KIND = [
    endpoint
    for endpoint in ENDPOINTS
    if endpoint.id
    in {"ask", "ingest", "open a ticket", "attach", "import FAQs", "write an FAQ", "list FAQs"}
    | {"export tickets", "token for DEBUG", "alive", "docs", "an unknown path"}
]

# Nobody reads the body of a GET: one of them is enough.
TAKE_A_BODY = [
    endpoint for endpoint in ENDPOINTS if endpoint.values[0] != "GET" or endpoint.id == "alive"
]
# Few others read a query: they get what is no query of a field.
TAKE_A_QUERY = [endpoint for endpoint in ENDPOINTS if endpoint.values[0] == "GET"]


def with_turns(endpoints):
    """Each with the turns of its fields as one more value."""
    shared = turns(endpoint.values[2] for endpoint in endpoints)
    return [
        pytest.param(*endpoint.values, of_one, id=endpoint.id)
        for endpoint, of_one in zip(endpoints, shared, strict=True)
    ]


BY_SIGNATURE = {"channels/<str:name>"}
"""Who has no secret gets no further than the signature: see assistant/tests/test_channels.py."""


def test_no_endpoint_is_left_out():
    attacked = {resolve(endpoint.values[1]).route for endpoint in ENDPOINTS[:-1]}

    assert attacked == set(ROUTES) - BY_SIGNATURE | {"dev/token"}


@pytest.mark.parametrize(
    ("method", "address", "sound"),
    [endpoint for endpoint in OF_EACH_KIND if endpoint in TAKE_A_BODY],
)
def test_no_malformed_body_breaks_an_endpoint(method, address, sound):
    assert_sound((body.name, send(method, address, body)) for body in (*RAW, *PARTS))


@pytest.mark.parametrize(("method", "address", "sound", "shared"), with_turns(TAKE_A_BODY))
def test_no_wrong_value_breaks_an_endpoint(method, address, sound, shared):
    sent = bodies(sound, shared, count=RANDOM_BODIES, seed=address)

    assert_sound((body.name, send(method, address, body)) for body in sent)


@pytest.mark.parametrize(
    ("method", "address", "sound", "shared"),
    [
        *with_turns(TAKE_A_QUERY),
        *(
            pytest.param(*endpoint.values, {}, id=endpoint.id)
            for endpoint in OF_EACH_KIND
            if endpoint not in TAKE_A_QUERY
        ),
    ],
)
def test_no_query_string_breaks_an_endpoint(method, address, sound, shared):
    body = Body("an array", b"[]")
    sent = queries(shared)

    assert_sound((query[:80], send(method, f"{address}?{query}", body)) for query in sent)


@pytest.mark.parametrize("address", ["/schema", "/docs", "/metrics"])
def test_no_query_string_breaks_what_is_slow_to_tell(address):
    sent = ["version=%0d%0aX: y", "version=%00", "lang=%00", "format=html", "urlconf=x", "%ff"]

    assert_sound((query, send("GET", f"{address}?{query}")) for query in sent)


def token(**claims: object) -> str:
    """As an identity provider with our secret might make it."""
    return "Bearer " + jwt.encode({"exp": 4_000_000_000, **claims}, settings.JWT_SECRET)


AUTHORIZATIONS = [
    *("", "Bearer", "Bearer ", "Bearer  ", "Basic dTE6", "bearer a.b.c", "Bearer \xff\xfe"),
    *("Bearer " + "a" * 100_000, "Bearer e30.e30.e30", "Bearer " + "W1td" * 1_500 + ".e30.x"),
    *("Token x", ADMIN.removeprefix("Bearer "), ADMIN + "\xe9", ADMIN + ", " + ADMIN),
    *(token(), token(sub=1), token(sub=[]), token(sub="\0"), token(sub="\ud800")),
    *(token(sub="u" * 999), token(sub="u1", roles={"a": 1}), token(sub="u1", iat="x")),
    token(sub="u1", role="admin", exp=1e300),
]
ACCEPTS = [
    *("text/html", "application/xml", "*/*;q=bad", "", "\xff", ",", ";", "a", "*/json", "text/csv"),
    *(
        "application/json;indent=99999999",
        "application/json;indent=x",
        "application/json;version=9",
    ),
    *("a/b" * 900, ",".join(["a/b;q=0.1"] * 500), "application/problem+json"),
]
COOKIES = [
    *('sessionid="\\000aaaaaaaaaaaa"', "sessionid=" + "a" * 5_000, "sessionid=\xff\xfe", "=;=;="),
    *("csrftoken=" + "a" * 5_000, 'messages="\\000"', ";" * 4_000, 'a="' + '\\"' * 4_000 + '"'),
]
REQUEST_IDS = ["a\nb\r\nX: y-------", "x" * 10_000, "\xff" * 20, "", "${jndi:x}", "\u0660" * 9]
LENGTHS = ["", "0", "1", "999999", "-1", "abc", "1e3", "9" * 40, "\u0663", "+5"]
HOSTS = ["evil.example", "", "a b", "localhost:x", "localhost:99999999", "\xff", "[::1"]

HEADERS = [
    *({"HTTP_AUTHORIZATION": value} for value in AUTHORIZATIONS),
    *({"HTTP_ACCEPT": value} for value in ACCEPTS),
    *({"HTTP_COOKIE": value} for value in COOKIES),
    *({"HTTP_X_REQUEST_ID": value} for value in REQUEST_IDS),
    *({"CONTENT_LENGTH": value} for value in LENGTHS),
    *({"HTTP_HOST": value} for value in HOSTS),
    {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "gopher"},
    {"HTTP_CONTENT_ENCODING": "gzip"},
    {"HTTP_TRANSFER_ENCODING": "chunked"},
    {"HTTP_RANGE": "bytes=5-1"},
    {"HTTP_IF_MODIFIED_SINCE": "never"},
    {"HTTP_IF_NONE_MATCH": "\xff"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    {"HTTP_X_SSL_CLIENT_VERIFY": "NONE,SUCCESS"},
    {f"HTTP_X_{number}": "x" for number in range(500)},
]


@pytest.mark.parametrize(("method", "address", "sound"), OF_EACH_KIND)
def test_no_header_breaks_an_endpoint(method, address, sound):
    body = Body("plain", b'{"message": []}')

    assert_sound((str(headers)[:80], send(method, address, body, **headers)) for headers in HEADERS)


@pytest.mark.parametrize(("_", "address", "sound"), ENDPOINTS)
def test_no_method_breaks_an_endpoint(_, address, sound):
    assert_sound((method, send(method, address)) for method in METHODS)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        *(
            ("GET", address)
            for address in ("/ask", "/ingest", f"/tickets/{TICKET}/claim", "/dev/token")
        ),
        *(("POST", address) for address in ("/audit", "/tickets.csv", "/healthz", "/readyz")),
        *(("POST", address) for address in ("/metrics", "/schema", "/docs", f"/tickets/{TICKET}")),
    ],
)
def test_a_missing_method_gets_405_with_allow(method, address):
    reply = send(method, address)

    assert reply.status == 405
    assert method not in reply.headers["Allow"].split(", ")
    assert reply.headers["Content-Type"] == CONTENT_TYPE


PATHS = [
    *("", "//", "///evil.example", "/..", "/../../etc/passwd", "/%00", "/\x00", "/\xff\xfe"),
    *("/a" * 5_000, "/\r\nX: y", "/{message}", "/%s%n", "/\xed\xa0\x80", "/.env", "/.git/config"),
    *("/tickets/0", "/tickets/-1", "/tickets/1.5", "/tickets/\xd9\xa3", "/tickets/1/"),
    *(
        "/faqs/\x00",
        "/faqs/a\x00b",
        "/tickets/\x00",
        "/releases/\x00",
        "/tickets/" + "9" * 19,
        "/tickets/" + "9" * 5_000,
        "/tickets/1/claim/",
        "/tickets//claim",
    ),
    *("/ask/", "/ASK", "/ask\n", "/administrator", "/admin", "/favicon.ico"),
    *("/static/", "/static/\x00", "/static/../manage.py"),
]


def test_no_path_breaks_it():
    assert_sound((repr(page)[:80], send("GET", page)) for page in PATHS)


def test_a_host_that_is_not_ours_is_a_problem():
    reply = send("GET", "/tickets", HTTP_HOST="evil.example")

    assert reply.status == 400
    assert not reply.faults()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_scrapes_may_name_it_by_an_address(path):
    assert send("GET", path, HTTP_HOST="10.1.2.3:8000").status == 200


def test_the_admins_login_takes_whatever_is_posted():
    fields = {"username": "u1", "password": "x", "next": "/"}
    [shared] = turns([fields])
    sent = [*RAW, *PARTS, *bodies(fields, shared, count=RANDOM_BODIES, seed="login")]

    statuses = {send("POST", "/admin/login/", body).status for body in sent}

    assert max(statuses) < 500


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *((f"created__year={year}", 400) for year in ("20260", "0", "-1", "9" * 30, "x", "%00")),
        *((f"created__{lookup}=20260", 400) for lookup in ("iso_year", "year__gte")),
        *(("status=%00", 400), ("created__year=2026", 200), ("due__date=9999-12-31", 200)),
    ],
)
def test_an_odd_query_of_a_list_in_the_admin_is_refused(admin_client, query, status):
    assert admin_client.get(f"/admin/tickets/ticket/?{query}").status_code == status


@pytest.mark.parametrize("levels", [33, 500, 900, 950, 990, 1_100])
def test_nesting_is_refused_before_it_can_exhaust_the_stack(levels):
    deep = b'{"username": "u1", "role": %s}' % (b"[" * levels + b"]" * levels)

    reply = send("POST", "/dev/token", Body("deep", deep))

    assert reply.status == 400
    assert json.loads(reply.body)["detail"] == "The JSON is nested too deeply."


@pytest.mark.parametrize(
    ("value", "deeper"),
    [(1, False), ([], False), ([1], False), ([[]], True), ({"a": 1}, False), ({"a": [1]}, True)],
)
def test_depth_counts_arrays_and_objects(value, deeper):
    assert is_deeper_than(1, value) is deeper


def test_a_truncated_upload_is_refused():
    whole = part(b'name="file"; filename="a.csv"', HEADER_ROW + b"a,b?,c,d\n")
    broken = whole.removesuffix(b"\r\n--b--\r\n")

    reply = send("POST", "/ingest", Body("broken off", broken, MULTIPART))

    assert reply.status == 400
    assert json.loads(reply.body)["detail"] == "The upload is incomplete. Send it again."


def test_an_upload_beyond_the_limit_is_too_large(monkeypatch):
    monkeypatch.setattr(WholeMultiPartParser, "max_bytes", 100)
    upload = part(b'name="file"; filename="a.csv"', HEADER_ROW * 10)

    reply = send("POST", "/ingest", Body("large", upload, MULTIPART))

    assert reply.status == 413


def test_a_body_beyond_the_limit_is_too_large():
    reply = send("POST", "/ask", Body("large", b'{"message":"' + b"a" * 1_000_000 + b'"}', JSON))

    assert reply.status == 413
