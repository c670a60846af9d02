"""The keys of an identity provider: which are accepted, how long they serve, who waits for them."""

from __future__ import annotations

import json
import threading
import time

import jwt
import pytest

from supportsite.auth import provider
from supportsite.auth.jwks import ALGORITHMS, JWKSClient, KeysUnavailable
from supportsite.tests.identity_provider import (
    BAD_MOODS,
    IdentityProvider,
    ec_key,
    ed_key,
    jwk,
    rsa_key,
)

pytestmark = pytest.mark.slow

RSA, EC, ED = rsa_key("one"), ec_key("one"), ed_key("one")


@pytest.fixture
def idp():
    created = IdentityProvider()
    yield created
    created.close()


class Keys(JWKSClient):
    """Gets its documents from this test instead of a server."""

    def __init__(self, *kids: str, **options: float) -> None:
        super().__init__("https://login.example.com/keys", **options)
        self.keys = [jwk(RSA, kid=kid) for kid in kids]
        self.is_down, self.seconds, self.fetches = False, 0.0, 0

    def publish(self, *kids: str) -> None:
        self.keys = [jwk(RSA, kid=kid) for kid in kids]

    def download(self) -> object:
        self.fetches += 1
        time.sleep(self.seconds)
        if self.is_down:
            raise provider.ProviderFailed("down")
        return {"keys": self.keys}

    def has(self, kid: str) -> bool:
        try:
            return bool(self.get_signing_key(kid))
        except jwt.PyJWKClientError:
            return False


# --- Which keys are accepted ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        pytest.param(jwk(RSA), "RS256", id="RSA"),
        pytest.param(jwk(RSA, alg="PS256"), "PS256", id="RSA for PSS"),
        pytest.param(jwk(EC), "ES256", id="P-256"),
        pytest.param(jwk(ED), "EdDSA", id="Ed25519"),
    ],
)
def test_a_key_serves_one_algorithm(key, algorithm):
    keys = Keys()
    keys.keys = [{**key, "kid": "a"}]

    assert keys.get_signing_key("a").algorithm_name == algorithm


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(jwk(RSA, kid="a", use="enc"), id="to encrypt"),
        pytest.param(jwk(RSA, kid="a", alg="HS256"), id="a public key as an HMAC secret"),
        pytest.param(jwk(RSA, kid="a", alg="none"), id="no algorithm"),
        pytest.param(jwk(RSA, kid="a", alg="ES256"), id="an algorithm of another type of key"),
        pytest.param(
            {**jwt.algorithms.RSAAlgorithm.to_jwk(RSA, as_dict=True), "kid": "a"},
            id="a private key",
        ),
        pytest.param({"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "a"}, id="a shared secret"),
        pytest.param({"kty": "RSA", "n": "!", "e": [], "kid": "a"}, id="no numbers"),
        pytest.param({**jwk(EC, kid="a"), "x": jwk(EC)["y"]}, id="not on the curve"),
        pytest.param({**jwk(EC, kid="a"), "crv": "secp256k1"}, id="another curve"),
        pytest.param({**jwk(EC, kid="a"), "crv": ["P-256"]}, id="a list for a curve"),
        pytest.param({"kty": ["RSA"], "kid": "a"}, id="a list for a type"),
        pytest.param(jwk(RSA), id="no kid"),
        pytest.param("key", id="no object"),
    ],
)
def test_other_keys_are_skipped(key):
    keys = Keys()
    keys.keys = [key, jwk(RSA, kid="good")]

    assert keys.has("good")
    assert not keys.has("a")


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": 7}]
)
def test_a_document_without_keys_is_a_failure(document):
    keys = Keys()
    keys.download = lambda: document

    with pytest.raises(KeysUnavailable):
        keys.get_signing_key("a")


def test_only_signatures_with_public_keys_are_allowed():
    assert not {name for name in ALGORITHMS if name.startswith("HS") or name == "none"}


# --- How long they serve --------------------------------------------------------------------------


def test_a_known_key_is_served_without_another_fetch():
    keys = Keys("a")

    assert all(keys.has("a") for _ in range(100))
    assert keys.fetches == 1


def test_a_withdrawn_key_is_refused_once_the_keys_are_fetched_again():
    keys = Keys("a", "b", fresh_seconds=0.1, retry_seconds=0.0)
    assert keys.has("b")

    keys.publish("a")
    time.sleep(0.15)

    assert not keys.has("b")


def test_a_new_key_is_good_with_its_first_token():
    keys = Keys("a", retry_seconds=0.1)
    assert keys.has("a")
    time.sleep(0.15)

    keys.publish("b")

    assert keys.has("b")


def test_a_flood_of_unknown_kids_causes_few_fetches_and_delays_nobody():
    keys = Keys("a", retry_seconds=0.4)
    assert keys.has("a")
    time.sleep(0.4)
    keys.seconds, keys.fetches = 1.0, 0
    slowest = []

    def flood(number: int) -> None:
        assert not any(keys.has(f"{number}-{item}") for item in range(50))

    def honest() -> None:
        for _ in range(200):
            started = time.perf_counter()
            assert keys.has("a")
            slowest.append(time.perf_counter() - started)
            time.sleep(0.001)

    threads = [threading.Thread(target=flood, args=[number]) for number in range(8)]
    threads.append(threading.Thread(target=honest))
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(slowest) == 200
    assert keys.fetches <= 1 + (time.monotonic() - started) / 0.4
    assert max(slowest) < 0.8


def test_while_the_provider_is_down_its_last_keys_serve_until_they_are_too_old():
    keys = Keys("a", fresh_seconds=0.05, retry_seconds=0.05, max_age=0.5)
    assert keys.has("a")

    keys.is_down = True
    time.sleep(0.2)
    assert keys.has("a")
    assert "does not answer" in keys.status()
    with pytest.raises(KeysUnavailable):
        keys.get_signing_key("b")
    time.sleep(0.5)
    with pytest.raises(KeysUnavailable):
        keys.get_signing_key("a")
    with pytest.raises(KeysUnavailable):
        keys.status()

    keys.is_down = False
    time.sleep(0.1)
    assert keys.has("a")
    assert keys.status() == "1 keys, fetched 0 s ago"


def test_while_one_request_waits_for_the_provider_known_keys_are_served():
    keys = Keys("a", fresh_seconds=0.05, retry_seconds=0.0)
    assert keys.has("a")
    time.sleep(0.1)
    keys.seconds = 1.0
    waiting = threading.Thread(target=keys.has, args=["a"])
    waiting.start()
    time.sleep(0.1)

    started = time.monotonic()
    assert keys.has("a")

    assert time.monotonic() - started < 0.5
    waiting.join()


# --- Over the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", BAD_MOODS)
def test_however_a_provider_misbehaves_it_is_over_in_two_seconds(idp, mood):
    idp.mood = mood

    started = time.monotonic()
    with pytest.raises((provider.ProviderFailed, jwt.PyJWTError)):
        JWKSClient(idp.jwks_url).get_signing_keys()

    assert time.monotonic() - started < 2.5
    assert "elsewhere" not in "".join(idp.requests)


def test_nobody_listening_is_a_failure_like_any_other():
    with pytest.raises(provider.ProviderFailed):
        provider.get("http://127.0.0.1:9/keys", seconds=0.5)


def test_its_keys_are_what_it_publishes(idp):
    assert provider.get(idp.jwks_url) == json.loads(json.dumps({"keys": idp.keys}))


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("https://login.example.com/keys", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://keycloak:8080/realms/x/certs", True),
        ("http://login.example.com/keys", False),
        ("file:///etc/passwd", False),
        ("ftp://x/keys", False),
        ("https://user:password@x/keys", False),
        ("keys", False),
    ],
)
def test_keys_are_only_trusted_from_where_nobody_can_put_in_others(address, is_good):
    if is_good:
        assert provider.address(address) == address
    else:
        with pytest.raises(ValueError, match="address"):
            provider.address(address)
