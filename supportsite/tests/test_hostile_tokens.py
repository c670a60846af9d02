"""Tokens made to be let in, in each of the three ways to verify them: none is.

And whatever an identity provider does, a request is answered within two seconds: 401, or the 503
that says that nobody can tell.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from functools import cache

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as site

from audit.models import Record
from supportsite.auth import jwks, public_key, signing_keys
from supportsite.tests.identity_provider import (
    BAD_MOODS,
    IdentityProvider,
    ec_key,
    ed_key,
    jwk,
    rsa_key,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SECRET = site.JWT_SECRET
ISSUER, AUDIENCE = "https://login.example.com", "supportsite"
NOW = int(time.time())
GOOD = {
    **{"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "roles": ["auditor"]},
    **{"iat": NOW, "exp": NOW + 3600},
}
PEM = (
    rsa_key("one")
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
MODES = ["secret", "public key", "JWKS"]


def b64(value: bytes | dict) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class Signer:
    """Signs as the site expects it in one mode, and as an attacker can in any."""

    def __init__(self, mode: str) -> None:
        self.algorithm = "HS256" if mode == "secret" else "RS256"
        self.key = SECRET if mode == "secret" else rsa_key("one")

    def good(self, *, without: str = "", header: dict | None = None, **claims: object) -> str:
        output = {name: value for name, value in {**GOOD, **claims}.items() if name != without}
        return jwt.encode(
            output, self.key, algorithm=self.algorithm, headers={"kid": "one", **(header or {})}
        )

    def raw(self, header: bytes | dict, payload: bytes | dict) -> str:
        """Signed with the right key, whatever it is that is signed."""
        signed = b64(header) + b"." + b64(payload)
        signature = jwt.get_algorithm_by_name(self.algorithm)
        return (
            signed + b"." + b64(signature.sign(signed, signature.prepare_key(self.key)))
        ).decode()

    @property
    def header(self) -> dict:
        return {"alg": self.algorithm, "typ": "JWT", "kid": "one"}


def unsigned(**header: object) -> str:
    return (b64({"typ": "JWT", **header}) + b"." + b64(GOOD) + b".").decode()


def hmac_with(secret: bytes, alg: str = "HS256") -> str:
    signed = b64({"alg": alg, "typ": "JWT", "kid": "one"}) + b"." + b64(GOOD)
    return (signed + b"." + b64(hmac.digest(secret, signed, hashlib.sha256))).decode()


def forged(algorithm: str, key: object, claims: dict = GOOD, **header: object) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one", **header})


@cache
def secp256k1() -> object:
    return ec.generate_private_key(ec.SECP256K1())


@cache
def other() -> object:
    return rsa_key("attacker")


def tampered(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{b64({**GOOD, 'roles': ['admin']}).decode()}.{signature}"


HOSTILE = {
    "no token at all": lambda s: "",
    "not three parts": lambda s: "a.b",
    "four parts": lambda s: s.good() + ".x",
    "not base64": lambda s: "!!.??.##",
    "too long": lambda s: s.good(pad="x" * 9_000),
    "unsigned": lambda s: unsigned(alg="none"),
    "unsigned, in capitals": lambda s: unsigned(alg="None"),
    "unsigned, with a kid": lambda s: unsigned(alg="none", kid="one"),
    "no algorithm": lambda s: unsigned(),
    "an algorithm that is a list": lambda s: unsigned(alg=["none"]),
    "a signature cut off": lambda s: s.good().rpartition(".")[0] + ".",
    "a signature cut short": lambda s: s.good()[:-8],
    "claims exchanged": lambda s: tampered(s.good()),
    "another secret": lambda s: forged("HS256", "k" * 40),
    "an empty secret": lambda s: hmac_with(b""),
    "the public key as the secret": lambda s: hmac_with(PEM),
    "the public key as the secret, stripped": lambda s: hmac_with(PEM.strip()),
    "the public modulus as the secret": lambda s: hmac_with(jwk(rsa_key("one"))["n"].encode()),
    "a longer hash with the secret": lambda s: forged("HS512", SECRET),
    "HMAC called RSA": lambda s: hmac_with(SECRET.encode(), alg="RS256"),
    "another RSA key": lambda s: forged("RS256", other()),
    "another RSA key, another padding": lambda s: forged("PS256", other()),
    "an algorithm that is not allowed": lambda s: forged("ES256K", secp256k1()),
    "an elliptic key under a known kid": lambda s: forged("ES256", ec_key("attacker")),
    "an Ed25519 key under a known kid": lambda s: forged("EdDSA", ed_key("attacker")),
    "a key of its own in the header": lambda s: forged("RS256", other(), jwk=jwk(other())),
    "an address of keys in the header": lambda s: forged("RS256", other(), jku="http://evil/keys"),
    "a certificate in the header": lambda s: forged(
        "RS256", other(), x5u="http://evil/x", x5c=["A"]
    ),
    "a path for a kid": lambda s: forged("RS256", other(), kid="../../dev/null"),
    "a query for a kid": lambda s: forged("RS256", other(), kid="x' UNION SELECT 'k"),
    "a number for a kid": lambda s: s.raw({**s.header, "kid": 7}, GOOD),
    "an extension that must be understood": lambda s: s.good(header={"crit": ["x"], "x": 1}),
    "a payload that is not encoded": lambda s: s.good(header={"crit": ["b64"], "b64": False}),
    "a header that is no object": lambda s: s.raw(b"[]", GOOD),
    "a payload that is no object": lambda s: s.raw(s.header, b"[1]"),
    "a payload that is no JSON": lambda s: s.raw(s.header, b"\xff{"),
    "a payload nested deeply": lambda s: s.raw(s.header, b"[" * 3_000),
    "expired": lambda s: s.good(exp=NOW - 3600),
    "never expires": lambda s: s.good(without="exp"),
    "expires beyond time": lambda s: s.good(exp=1e300),
    "expires at infinity": lambda s: s.raw(s.header, b'{"exp": Infinity, "sub": "u1"}'),
    "expires never, as null": lambda s: s.good(exp=None),
    "expires in words": lambda s: s.raw(s.header, {**GOOD, "exp": "soon"}),
    "not valid yet": lambda s: s.good(nbf=NOW + 3600),
    "issued tomorrow": lambda s: s.good(iat=NOW + 86_400),
    "another issuer": lambda s: s.good(iss="https://evil.example"),
    "an issuer that begins like ours": lambda s: s.good(iss=ISSUER + ".evil.example"),
    "no issuer": lambda s: s.good(without="iss"),
    "a list of issuers": lambda s: s.raw(s.header, {**GOOD, "iss": [ISSUER]}),
    "for another site": lambda s: s.good(aud="another"),
    "for nobody": lambda s: s.good(without="aud"),
    "for a site whose name begins like ours": lambda s: s.good(aud=["supportsite2"]),
    "no subject": lambda s: s.good(without="sub"),
    "a subject that is a number": lambda s: s.raw(s.header, {**GOOD, "sub": 1}),
    "a subject of two lines": lambda s: s.raw(s.header, {**GOOD, "sub": "u1\nadmin"}),
    "a subject beyond measure": lambda s: s.good(sub="x" * 300),
}

POWERLESS = {
    "no role": lambda s: s.good(without="roles"),
    "a role of another site": lambda s: s.good(roles=["owner"]),
    "roles in one text": lambda s: s.good(roles="admin auditor"),
    "a text that holds a role": lambda s: s.good(roles="not-admin"),
    "roles in an object": lambda s: s.good(roles={"admin": True}),
    "roles in a list in a list": lambda s: s.good(roles=[["admin"]]),
    "Django's own claims": lambda s: s.good(roles=[], is_staff=True, is_superuser=True),
    "roles elsewhere": lambda s: s.good(roles=[], realm_access={"roles": ["admin"]}),
    "a role in capitals": lambda s: s.good(roles=["ADMIN"]),
}
"""Good tokens that may do nothing."""


@pytest.fixture(scope="module")
def idp():
    created = IdentityProvider()
    yield created
    created.close()


@pytest.fixture
def provided(idp, settings):
    """The site verifies with the provider's keys, and has none of them yet."""
    idp.mood, idp.keys = "well", [jwk(rsa_key("one"), kid="one", use="sig")]
    signing_keys._jwks_client.cache_clear()
    settings.JWT_SECRET, settings.JWT_JWKS_URL = "", idp.jwks_url
    settings.JWT_ISSUER, settings.JWT_AUDIENCE = ISSUER, AUDIENCE
    idp.requests.clear()
    return idp


@pytest.fixture
def mode(request, settings):
    settings.JWT_ISSUER, settings.JWT_AUDIENCE = ISSUER, AUDIENCE
    if request.param == "public key":
        settings.JWT_PUBLIC_KEY = public_key.read(PEM.decode())
    if request.param == "JWKS":
        request.getfixturevalue("provided")
    return Signer(request.param)


def status(client, token: str) -> int:
    started = time.monotonic()
    reply = client.get("/audit", headers={"Authorization": f"Bearer {token}"})
    # A provider that hangs would take 30 seconds.
    assert time.monotonic() - started < 5.0
    assert reply.status_code < 400 or reply["Content-Type"] == "application/problem+json"
    return reply.status_code


@pytest.mark.parametrize("mode", MODES, indirect=True)
def test_a_good_token_passes(client, mode):
    assert status(client, mode.good()) == 200
    assert status(client, mode.good(aud=["another", AUDIENCE], nbf=NOW)) == 200


@pytest.mark.parametrize("mode", MODES, indirect=True)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_hostile_token_passes(client, mode, hostile):
    assert status(client, HOSTILE[hostile](mode)) == 401


@pytest.mark.parametrize("mode", MODES, indirect=True)
@pytest.mark.parametrize("powerless", POWERLESS)
def test_no_role_comes_from_anywhere_but_the_claim(client, mode, powerless):
    assert status(client, POWERLESS[powerless](mode)) == 403


def test_no_refusal_is_without_a_record(client, provided):
    status(client, unsigned(alg="none"))

    assert Record.objects.filter(action="request.refused").exists()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa_key("one"), "RS256"), (rsa_key("one"), "PS256"), (ec_key("one"), "ES256"),
     (ed_key("one"), "EdDSA")],
    ids=["RS256", "PS256", "ES256", "EdDSA"],
)  # fmt: skip
def test_every_allowed_algorithm_is_verified(client, provided, key, algorithm):
    provided.keys = [jwk(key, kid="one", alg=algorithm)]

    assert status(client, forged(algorithm, key)) == 200


@pytest.mark.parametrize("mode", MODES, indirect=True)
def test_clocks_may_differ_by_thirty_seconds(client, mode):
    now = int(time.time())

    assert status(client, mode.good(iat=now + 20, nbf=now + 20)) == 200
    assert status(client, mode.good(exp=now - 20)) == 200
    assert status(client, mode.good(exp=now - 60)) == 401
    assert status(client, mode.good(nbf=now + 60)) == 401


@pytest.mark.parametrize("mode", MODES, indirect=True)
def test_a_token_of_simplejwt_before_5_5_names_its_subject_by_a_number(client, mode):
    assert status(client, mode.good(without="sub", user_id=42)) == 200
    assert status(client, mode.good(without="sub", user_id=True)) == 401
    assert status(client, mode.good(without="sub", user_id=[42])) == 401


def test_a_key_serves_the_algorithm_it_states_and_no_other(client, provided):
    provided.keys = [jwk(rsa_key("one"), kid="one", alg="PS256")]

    assert status(client, forged("PS256", rsa_key("one"))) == 200
    assert status(client, forged("RS256", rsa_key("one"))) == 401


# --- The provider ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", BAD_MOODS)
def test_while_a_provider_never_answered_nobody_can_tell(client, provided, mood, monkeypatch):
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.3)
    provided.mood = mood

    assert status(client, Signer("JWKS").good()) == 503
    assert status(client, forged("RS256", other())) == 503
    assert status(client, unsigned(alg="none")) == 401
    # Readable without a token, and slower only where it waits for the provider once more.
    assert client.get("/readyz").json()["checks"]["identity provider"] == "unavailable"


@pytest.mark.parametrize("mood", ["down", "html", "slow"])
def test_once_known_keys_are_good_while_the_provider_misbehaves(client, provided, mood):
    assert status(client, Signer("JWKS").good()) == 200
    provided.mood = mood

    assert status(client, Signer("JWKS").good()) == 200
    assert status(client, forged("RS256", other())) == 401


def test_a_503_says_when_to_come_again(client, provided):
    provided.mood = "down"

    reply = client.get("/audit", headers={"Authorization": f"Bearer {Signer('JWKS').good()}"})

    assert reply.status_code == 503
    assert reply["Retry-After"] == "5"
    assert "provider" not in reply.json()["detail"]


def test_keys_that_are_rotated_serve_the_first_new_token_and_no_old_one(
    client, provided, monkeypatch
):
    monkeypatch.setattr(signing_keys.jwks_client(), "_retry", 0.2)
    assert status(client, Signer("JWKS").good()) == 200
    time.sleep(0.3)
    provided.keys = [jwk(rsa_key("two"), kid="two")]

    assert status(client, forged("RS256", rsa_key("two"), kid="two")) == 200
    assert status(client, Signer("JWKS").good()) == 401


def test_a_flood_of_kids_costs_the_provider_next_to_nothing(client, provided):
    assert status(client, Signer("JWKS").good()) == 200
    before = len(provided.requests)

    for number in range(100):
        assert status(client, forged("RS256", other(), kid=f"k{number}")) == 401

    assert len(provided.requests) - before <= 1
    assert status(client, Signer("JWKS").good()) == 200


def test_requests_side_by_side_ask_a_new_provider_once(client, provided):
    client, matches = signing_keys.jwks_client(), []

    threads = [
        threading.Thread(target=lambda: matches.append(client.get_signing_key("one")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(matches) == 16
    assert provided.requests == ["/keys"]


def test_readyz_shows_the_keys(client, provided):
    line = client.get("/readyz").json()["checks"]["identity provider"]

    assert line.startswith("ok: 1 keys, fetched 0 s ago")
