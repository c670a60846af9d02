"""Signing in to the desk through an identity provider, which is a real one, if a small one."""

from __future__ import annotations

import time
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from audit.models import Record
from supportsite.auth.claims import parse_map
from supportsite.login import oidc_discovery
from supportsite.models import Identity
from supportsite.tests.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    ec_key,
    jwk,
    rsa_key,
)

pytestmark = pytest.mark.django_db

BEGIN, CALLBACK = "/admin/oidc/authenticate/", "/admin/oidc/callback/"
SAM = {
    **{"sub": "7d1f", "preferred_username": "sam", "email": "sam@example.com"},
    **{"email_verified": True, "given_name": "Sam", "groups": ["kb-editors", "staff"]},
}


@pytest.fixture(scope="module")
def idp():
    created = IdentityProvider()
    yield created
    created.close()


@pytest.fixture(autouse=True)
def provided(idp, settings):
    settings.OIDC_ISSUER = idp.issuer
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.OIDC_GROUP_MAP = parse_map(
        "kb-editors=curator; Support Desk=support publisher", settings.DESK_GROUPS
    )
    idp.mood, idp.person, idp.id_token = "well", dict(SAM), {}
    idp.requests.clear()
    idp.keys = [jwk(rsa_key("one"), kid="one", use="sig", alg="RS256")]
    oidc_discovery.configuration.cache_clear()
    oidc_discovery.jwks_client.cache_clear()
    return idp


class Unfollowed(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def at_the_provider(address: str) -> str:
    """What a browser does there: it is sent back at once, with a code."""
    try:
        build_opener(Unfollowed).open(address, timeout=5)
    except HTTPError as answer:
        return answer.headers["Location"]
    raise AssertionError("not sent back")


def sign_in(client: Client, begin: str = BEGIN):
    """From the button to what the callback answers."""
    sent = client.get(begin)
    assert sent.status_code == 302, sent.content
    back = urlsplit(at_the_provider(sent["Location"]))
    return client.get(f"{back.path}?{back.query}")


def actions() -> list[str]:
    return [entry.action for entry in Record.objects.order_by("id")]


# --- Who may --------------------------------------------------------------------------------------


def test_a_person_of_a_mapped_group_gets_an_account_with_that_groups_rights(client):
    reply = sign_in(client)

    assert (reply.status_code, reply["Location"]) == (302, "/admin/")
    user = User.objects.get()
    assert (user.username, user.email, user.first_name) == ("sam", "sam@example.com", "Sam")
    assert user.is_staff
    assert not user.is_superuser
    assert not user.has_usable_password()
    assert [group.name for group in user.groups.all()] == ["curator"]
    assert client.get("/admin/faq/faq/").status_code == 200
    assert client.get("/admin/tickets/ticket/").status_code == 403
    assert actions()[-3:] == ["user.granted", "user.signed_in", "request.refused"]


def test_the_button_is_there_and_only_with_a_provider(client, settings):
    page = client.get("/admin/login/?next=/admin/faq/faq/").content.decode()
    assert f'href="{BEGIN}?next=%2Fadmin%2Ffaq%2Ffaq%2F"' in page

    settings.OIDC_ISSUER = ""

    assert BEGIN not in client.get("/admin/login/").content.decode()
    assert client.get(BEGIN).status_code == 404
    assert client.get(CALLBACK).status_code == 404


def test_groups_follow_the_provider_on_every_sign_in(client, provided):
    sign_in(client)
    by_hand = Group.objects.create(name="by hand")
    User.objects.get().groups.add(by_hand)
    provided.person["groups"] = ["Support Desk"]

    sign_in(Client())

    names = {group.name for group in User.objects.get().groups.all()}
    assert names == {"support", "publisher", "by hand"}
    assert actions().count("user.granted") == 2


@pytest.mark.parametrize("groups", [[], ["staff"], ["admin"], ["superuser"], "curator", None])
def test_who_is_in_no_mapped_group_gets_nothing(client, provided, groups):
    provided.person["groups"] = groups

    reply = sign_in(client)

    assert reply["Location"] == "/admin/login/"
    assert "Ask the administrator of this site" in client.get("/admin/login/").content.decode()
    assert not User.objects.exists()
    assert client.get("/admin/").status_code == 302
    refused = Record.objects.get(action="user.sign_in_refused")
    assert refused.actor == "sam"
    assert refused.data["reason"] == "no matching group"


def test_who_lost_the_last_group_is_staff_no_more(client, provided):
    sign_in(client)
    provided.person["groups"] = []

    sign_in(Client())

    user = User.objects.get()
    assert not user.is_staff
    assert not user.groups.exists()
    # The session that was open is of no use either.
    assert client.get("/admin/").status_code == 302


def test_nobody_becomes_superuser_by_a_claim(client, provided, settings):
    settings.OIDC_GROUP_MAP = {}
    provided.person |= {"groups": ["curator", "superuser", "admin"]}
    provided.person |= {"is_superuser": True, "is_staff": True}

    sign_in(client)

    assert not User.objects.get().is_superuser
    assert [group.name for group in User.objects.get().groups.all()] == ["curator"]


def test_who_was_made_inactive_here_stays_out(client):
    sign_in(client)
    User.objects.update(is_active=False)

    sign_in(Client())

    assert Record.objects.get(action="user.sign_in_refused").data["reason"] == "not active"


@pytest.mark.parametrize("claim", ["https://example.com/groups", "realm_access.roles"])
def test_groups_are_found_where_the_provider_puts_them(client, provided, settings, claim):
    settings.OIDC_GROUPS_CLAIM = claim
    provided.person |= {"https://example.com/groups": ["kb-editors"], "groups": []}
    provided.person |= {"realm_access": {"roles": ["kb-editors"]}}

    sign_in(client)

    assert User.objects.get().is_staff


# --- Whose account --------------------------------------------------------------------------------


def test_a_local_account_of_the_same_name_and_address_is_never_taken_over(client):
    User.objects.create_superuser("sam", email="sam@example.com", password="x" * 20)

    sign_in(client)

    assert client.session["_auth_user_id"] == str(User.objects.get(username="sam-2").pk)
    assert not User.objects.get(username="sam-2").is_superuser


def test_a_person_keeps_the_account_when_name_and_address_change(client, provided):
    sign_in(client)
    provided.person |= {"preferred_username": "samantha", "email": "new@example.com"}

    sign_in(Client())

    assert User.objects.get().username == "sam"
    assert User.objects.get().email == "new@example.com"
    assert Identity.objects.count() == 1


def test_another_person_with_the_same_name_is_another_person(client, provided):
    sign_in(client)
    provided.person["sub"] = "another"

    sign_in(Client())

    assert sorted(User.objects.values_list("username", flat=True)) == ["sam", "sam-2"]


def test_an_address_nobody_verified_is_not_kept(client, provided):
    provided.person["email_verified"] = False

    sign_in(client)

    assert User.objects.get().email == ""


@pytest.mark.parametrize("name", ["a b\n<script>", "x" * 500, {"a": 1}, ""])
def test_any_name_becomes_one_that_fits(client, provided, name):
    provided.person["preferred_username"] = name

    sign_in(client)

    User.objects.get().full_clean(exclude=["password"])


# --- What is not accepted -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "another"}, id="for another client"),
        pytest.param({"aud": [CLIENT_ID, "another"], "azp": "another"}, id="asked for by another"),
        pytest.param({"iss": "https://evil.example"}, id="of another issuer"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"exp": None}, id="never expires"),
        pytest.param({"iat": int(time.time()) + 9_999}, id="issued later"),
        pytest.param({"nonce": "another"}, id="of another sign-in"),
        pytest.param({"nonce": None}, id="without a nonce"),
        pytest.param({"sub": None}, id="of nobody"),
        pytest.param({"sub": 7}, id="of a number"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(client, provided, claims):
    provided.id_token = claims

    reply = sign_in(client)

    assert reply["Location"] == "/admin/login/"
    assert not User.objects.exists()
    refused = Record.objects.get(action="user.sign_in_refused")
    assert refused.data["reason"] == "no valid ID token"


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([jwk(rsa_key("two"), kid="one")], id="another key"),
        pytest.param([jwk(rsa_key("one"), kid="two")], id="another kid"),
        pytest.param([jwk(ec_key("one"), kid="one")], id="another kind of key"),
    ],
)
def test_a_signature_by_no_key_of_the_provider_is_refused(client, provided, keys):
    provided.keys = keys

    assert sign_in(client)["Location"] == "/admin/login/"
    assert not User.objects.exists()


def test_a_code_is_good_in_the_browser_that_asked_for_it_and_once(client):
    sent = client.get(BEGIN)
    back = urlsplit(at_the_provider(sent["Location"]))
    address = f"{back.path}?{back.query}"

    assert Client().get(address)["Location"] == "/admin/login/"
    assert client.get(address)["Location"] == "/admin/"
    assert client.get(address).status_code == 400
    assert User.objects.count() == 1


def test_state_nonce_and_a_code_challenge_are_sent():
    reply = parse_qs(urlsplit(Client().get(BEGIN)["Location"]).query)

    assert len(reply["state"][0]) >= 32
    assert len(reply["nonce"][0]) >= 32
    assert reply["code_challenge_method"] == ["S256"]
    assert reply["redirect_uri"] == [f"http://testserver{CALLBACK}"]
    assert reply["scope"] == ["openid email profile"]


@pytest.mark.parametrize(
    ("next_url", "target"),
    [("/admin/faq/faq/", "/admin/faq/faq/"), ("https://evil.example/", "/admin/")],
)
def test_it_leads_to_the_requested_page_but_not_to_another_site(client, next_url, target):
    assert sign_in(client, f"{BEGIN}?next={next_url}")["Location"] == target


def test_a_refusal_by_the_provider_is_shown_as_a_page(client):
    client.get(BEGIN)
    state = next(iter(client.session["oidc_states"]))

    reply = client.get(CALLBACK, {"error": "access_denied", "state": state})

    assert reply["Location"] == "/admin/login/"


# --- When the provider is not well ----------------------------------------------------------------


@pytest.mark.parametrize("mood", ["down", "failing", "html", "dripping"])
def test_a_provider_that_misbehaves_costs_two_seconds_and_a_message(client, provided, mood):
    provided.mood = mood
    started = time.monotonic()

    reply = client.get(BEGIN)

    assert reply["Location"] == "/admin/login/"
    assert time.monotonic() - started < 3.0
    assert "does not answer" in client.get("/admin/login/").content.decode()


def test_many_who_want_in_wait_for_one_question_to_a_provider_that_is_away(client, provided):
    provided.mood = "slow"
    started = time.monotonic()

    for _ in range(5):
        assert client.get(BEGIN)["Location"] == "/admin/login/"

    assert time.monotonic() - started < 3.0
    assert "does not answer" in client.get("/admin/login/").content.decode()
    assert provided.requests.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize("mood", ["down", "html", "slow"])
def test_one_that_does_so_after_the_person_came_back_costs_no_more(client, provided, mood):
    sent = client.get(BEGIN)
    back = urlsplit(at_the_provider(sent["Location"]))
    provided.mood = mood
    started = time.monotonic()

    reply = client.get(f"{back.path}?{back.query}")

    assert reply["Location"] == "/admin/login/"
    assert time.monotonic() - started < 3.0


def test_who_is_signed_in_needs_the_provider_for_nothing(client, provided):
    sign_in(client)
    provided.mood = "down"
    oidc_discovery.configuration.cache_clear()

    assert client.get("/admin/").status_code == 200


def test_a_configuration_of_another_issuer_is_not_accepted(client, provided, settings):
    settings.OIDC_ISSUER = provided.issuer + "/"

    assert client.get(BEGIN)["Location"] == "/admin/login/"
