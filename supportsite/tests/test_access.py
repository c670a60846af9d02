"""Who may call what: every endpoint names its roles, and each role is held to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient
from rest_framework.views import APIView

from audit.identity.principal import Role
from supportsite.auth.authentication import issue
from supportsite.auth.permissions import HasRole
from tickets.models import Ticket

OPEN_VIEWS = {"DevTokenView", "SpectacularAPIView", "DocsView", "ChannelView"}
"""API views with a gate of their own: DEBUG, signed in, or signed by a channel."""

PLAIN_VIEWS = {"", "healthz", "readyz", "metrics", "widget/v1.js"}
"""Routes outside the API: the root leads to the admin, the widget is for other sites, the others
are for probes."""

ENDPOINTS = {
    "POST /ask": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER},
    "POST /asks/{ask_id}/feedback": {
        *(Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER),
    },
    "GET /search": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER},
    "DELETE /people/{user_id}": {Role.ADMIN},
    "GET /gaps": {Role.CURATOR, Role.PUBLISHER},
    "GET /suggestions": {Role.CURATOR, Role.PUBLISHER},
    "GET /outcomes": {Role.SUPPORT, Role.CURATOR, Role.PUBLISHER},
    "POST /ingest": {Role.PUBLISHER},
    "GET /tickets": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "POST /tickets": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "GET /tickets/{id}": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "PATCH /tickets/{id}": {Role.SUPPORT},
    "GET /tickets/{id}/comments": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "POST /tickets/{id}/comments": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "POST /tickets/{id}/attachments": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "GET /tickets/{id}/attachments/{number}": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "POST /tickets/{id}/claim": {Role.SUPPORT},
    "POST /tickets/{id}/wait": {Role.SUPPORT},
    "POST /tickets/{id}/resume": {Role.SUPPORT},
    "POST /tickets/{id}/resolve": {Role.SUPPORT},
    "POST /tickets/{id}/close": {Role.SUPPORT},
    "POST /tickets/{id}/reopen": {Role.CUSTOMER, Role.SUPPORT, Role.SERVICE},
    "GET /tickets.csv": {Role.SUPPORT},
    "GET /faqs": {Role.CURATOR, Role.PUBLISHER},
    "POST /faqs": {Role.CURATOR, Role.PUBLISHER},
    "GET /faqs/{faq_id}": {Role.CURATOR, Role.PUBLISHER},
    "PUT /faqs/{faq_id}": {Role.CURATOR, Role.PUBLISHER},
    "PATCH /faqs/{faq_id}": {Role.CURATOR, Role.PUBLISHER},
    "DELETE /faqs/{faq_id}": {Role.CURATOR, Role.PUBLISHER},
    "GET /faqs.{kind}": {Role.CURATOR, Role.PUBLISHER},
    "POST /imports": {Role.CURATOR, Role.PUBLISHER},
    "GET /jobs/{job_id}": {Role.CURATOR, Role.PUBLISHER},
    "GET /releases": {Role.CURATOR, Role.PUBLISHER},
    "POST /releases": {Role.PUBLISHER},
    "GET /releases/draft": {Role.CURATOR, Role.PUBLISHER},
    "GET /releases/{number}": {Role.CURATOR, Role.PUBLISHER},
    "GET /releases/{number}/diff": {Role.CURATOR, Role.PUBLISHER},
    "GET /releases/{number}/rollback": {Role.PUBLISHER},
    "POST /releases/{number}/rollback": {Role.PUBLISHER},
    "GET /audit": {Role.AUDITOR},
    "GET /audit.jsonl": {Role.AUDITOR},
}
"""Who may, besides admin, who may everything."""

PARTS = {
    "id": "<int:pk>",
    "faq_id": "<str:faq_id>",
    "kind": "<str:kind>",
    "number": "<int:number>",
    "ask_id": "<uuid:ask_id>",
    "job_id": "<uuid:job_id>",
    "user_id": "<str:user_id>",
}
"""How the URLconf writes what the table leaves open."""

THERE = {
    "faq_id": "reset-password",
    "kind": "csv",
    "user_id": "nobody",
    "number": 1,
    "ask_id": "5f0ea8a4-2f0f-4e0c-9f65-3c3a0b1f6d11",
    "job_id": "5f0ea8a4-2f0f-4e0c-9f65-3c3a0b1f6d11",
}
"""What is there to be called for."""

BODIES = {
    "POST /ask": {"message": "How do I reset my password?"},
    "POST /asks/{ask_id}/feedback": {"helpful": True},
    "POST /tickets": {"message": "Where is it?"},
    "POST /tickets/{id}/comments": {"text": "Where is it?"},
    "POST /faqs": {"faq_id": "umbrella", "question": "Do you lend umbrellas?", "answer": "Yes."},
    "PUT /faqs/{faq_id}": {"question": "I forgot my password", "answer": "Call us."},
}

NOT_FROM_HERE = {f"POST /tickets/{{id}}/{move}" for move in ("wait", "resume", "close", "reopen")}
"""What an open ticket cannot become: whoever may is told so, with 409."""

REFUSED = {
    **dict.fromkeys(NOT_FROM_HERE, 409),
    "POST /imports": 415,
    "POST /tickets/{id}/attachments": 415,
    "GET /tickets/{id}/attachments/{number}": 404,
    "POST /asks/{ask_id}/feedback": 404,
    "GET /jobs/{job_id}": 404,
    "DELETE /people/{user_id}": 404,
}
"""The status for whoever may call: files come in forms, not JSON; the ask, the job and the
attachment are not there."""


@pytest.fixture
def ticket(db: None) -> Ticket:
    return Ticket.objects.create(message="Where is it?", requester="u1")


def routes(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, object]]:
    """Every route with its view, outside the admin and the help page, which know their users."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(("admin/", "help/")):
            continue
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern.url_patterns, route)


ROUTES = dict(routes(get_resolver().url_patterns))

API_VIEWS = {
    route: view.cls
    for route, view in ROUTES.items()
    if issubclass(getattr(view, "cls", object), APIView)
}


@pytest.mark.parametrize("route", API_VIEWS)
def test_every_view_of_the_api_names_its_roles(route):
    view = API_VIEWS[route]

    if view.__name__ not in OPEN_VIEWS:
        assert view.allowed_roles
        assert view.allowed_roles <= set(Role)
        assert HasRole in view.permission_classes


def test_every_other_view_is_one_that_is_meant_to_be_open():
    assert ROUTES.keys() - API_VIEWS.keys() == PLAIN_VIEWS


def test_every_endpoint_is_in_the_table_below():
    listed = {endpoint.partition(" /")[2].format(**PARTS) for endpoint in ENDPOINTS}

    named = {route for route, view in API_VIEWS.items() if view.__name__ not in OPEN_VIEWS}

    assert named == listed


SIGNED = {"POST /channels/{name}"}
"""The signature of a channel stands for a token."""

ELSEWHERE = {"GET /healthz", "GET /readyz", "GET /metrics", "POST /dev/token", *SIGNED}
"""In the table of docs/api.md, but without roles."""


def documented_roles() -> dict[str, set[str]]:
    """Endpoint -> roles, as in docs/api.md: ``…`` is the address so far, up to its last ``{…}``."""
    documented: dict[str, set[str]] = {}
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    for cell, roles in re.findall(r"^\| (`[A-Z]+[ ,].*?) \| (.*?) \|", text, re.MULTILINE):
        methods, address, base = [], "", ""
        for named in re.findall(r"`(.+?)`", cell):
            verbs, _, path = named.rpartition(" ")
            methods = verbs.split(", ") if verbs else methods
            if path.startswith("."):
                path = address.rpartition(".")[0] + path
            address = path.replace("…", base).replace("{n}", "{number}")
            base = address[: address.rfind("}") + 1] or base
            documented |= {f"{method} {address}": set(roles.split(", ")) for method in methods}
    return documented


def test_the_api_guide_has_the_same_table():
    documented = documented_roles()
    kinds = {f"GET /faqs.{kind}" for kind in ("csv", "xlsx", "json")}

    exported = [documented[kind] for kind in kinds]
    table = {name: roles for name, roles in documented.items() if name not in ELSEWHERE | kinds}

    assert set(documented) >= ELSEWHERE | kinds
    assert exported == [exported[0]] * 3
    assert table | {"GET /faqs.{kind}": exported[0]} == {
        name: set(map(str, roles)) for name, roles in ENDPOINTS.items()
    }


def call(client: APIClient, endpoint: str, fields: dict[str, str] | None = None) -> HttpResponse:
    method, address = endpoint.split()
    return client.generic(method, address, json.dumps(fields or {}), "application/json")


def reach(client: APIClient, endpoint: str, ticket: Ticket) -> HttpResponse:
    """The reply for a caller who has everything that is needed but perhaps the role."""
    # A service has to name the user it acts for; to the others it makes no difference.
    address = f"{endpoint.format(id=ticket.pk, **THERE)}?user_id=u1&q=order"
    return call(client, address, BODIES.get(endpoint))


@pytest.mark.parametrize(
    ("endpoint", "role"),
    [
        (endpoint, role)
        for endpoint, allowed in ENDPOINTS.items()
        for role in Role
        if role in {*allowed, Role.ADMIN}
    ],
)
def test_a_role_reaches_what_is_meant_for_it(endpoint, role, as_role, ticket):
    reply = reach(as_role(role), endpoint, ticket)

    assert reply.status_code in {REFUSED.get(endpoint, 200), 200, 201, 204}
    assert endpoint not in REFUSED or reply.status_code == REFUSED[endpoint]


@pytest.mark.parametrize(("endpoint", "allowed"), ENDPOINTS.items(), ids=list(ENDPOINTS))
def test_nobody_else_reaches_it(endpoint, allowed, as_role, ticket):
    # "owner" is no role of this site.
    others = ["owner", *(role for role in Role if role not in {*allowed, Role.ADMIN})]

    statuses = {role: reach(as_role(role), endpoint, ticket).status_code for role in others}
    without_token = reach(as_role(), endpoint, ticket)

    assert statuses == dict.fromkeys(others, 403)
    assert without_token.status_code == 401
    assert without_token["WWW-Authenticate"].startswith("Bearer")


def test_a_view_that_names_no_role_is_closed_even_to_an_admin(rf):
    class Forgotten(APIView):
        def get(self, request):
            return HttpResponse("open")

    token = issue("u1", ["admin"], seconds=60)

    reply = Forgotten.as_view()(rf.get("/", headers={"Authorization": f"Bearer {token}"}))

    assert reply.status_code == 403


@pytest.mark.parametrize("endpoint", ["GET /schema", "GET /docs"])
def test_the_description_is_for_signed_in_readers(endpoint, as_role, admin_client, db):
    assert call(as_role(), endpoint).status_code == (401 if "schema" in endpoint else 302)
    assert call(as_role(Role.CUSTOMER), endpoint).status_code == 200
    assert admin_client.get(endpoint.split()[1]).status_code == 200


def test_the_documentation_leads_to_the_sign_in_and_back(client):
    assert client.get("/docs")["Location"] == "/admin/login/?next=/docs"


def test_no_token_is_given_away_without_debug(client):
    reply = client.post("/dev/token", {"username": "u1", "role": "admin"})

    assert reply.status_code == 404


# --- Acting for other people ----------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["POST /ask", "POST /tickets"])
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.SERVICE, Role.ADMIN])
def test_support_and_services_may_name_any_user(role, endpoint, as_role, db):
    reply = call(as_role(role, subject="s1"), endpoint, {**BODIES[endpoint], "user_id": "u2"})

    assert reply.status_code in {200, 201}


@pytest.mark.parametrize(
    ("role", "endpoint"),
    [
        (Role.CUSTOMER, "POST /ask"),
        (Role.CUSTOMER, "POST /tickets"),
        (Role.CUSTOMER, "GET /tickets?user_id=u2"),
        (Role.PUBLISHER, "POST /ask"),
    ],
)
def test_everyone_else_acts_only_as_itself(role, endpoint, as_role, db):
    client, body = as_role(role, subject="u1"), BODIES.get(endpoint, {})

    another = call(client, endpoint, {**body, "user_id": "u2"})
    itself = call(client, endpoint.replace("u2", "u1"), {**body, "user_id": "u1"})

    assert another.status_code == 403
    assert "user_id" in another.json()["detail"]
    assert itself.status_code in {200, 201}


def test_a_ticket_waits_for_the_subject_unless_another_user_is_named(as_role, db):
    own = call(as_role(Role.CUSTOMER, subject="u7"), "POST /tickets", {"message": "Where is it?"})
    named = call(
        as_role(Role.SERVICE, subject="s1"), "POST /tickets", {"message": "Where?", "user_id": "u8"}
    )

    assert own.json()["user_id"] == "u7"
    assert named.json()["user_id"] == "u8"


def test_another_customers_ticket_is_not_there(as_role, ticket):
    client = as_role(Role.CUSTOMER, subject="u2")

    assert call(client, f"GET /tickets/{ticket.pk}").status_code == 404
    assert call(client, "GET /tickets").json()["results"] == []


def test_a_service_sees_the_tickets_of_the_user_it_names_and_no_others(as_role, ticket):
    client = as_role(Role.SERVICE, subject="s1")

    assert call(client, "GET /tickets").status_code == 400
    assert call(client, f"GET /tickets/{ticket.pk}?user_id=u2").status_code == 404
    assert call(client, f"GET /tickets/{ticket.pk}?user_id=u1").status_code == 200


def test_support_sees_everybodys_tickets(as_role, ticket):
    listed = call(as_role(Role.SUPPORT, subject="s1"), "GET /tickets").json()["results"]

    assert [row["id"] for row in listed] == [ticket.pk]
