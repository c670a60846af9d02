"""The keys of an identity provider: which are taken, how long they are kept, who waits for them."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from supportsite import provider
from supportsite.jwks import ALGORITHMS, KeyCache, KeySet, KeysUnavailable, UnknownKey
from supportsite.tests.identity_provider import (
    BAD_MOODS,
    IdentityProvider,
    ec_key,
    ed_key,
    jwk,
    rsa_key,
)

RSA, EC, ED = rsa_key("one"), ec_key("one"), ed_key("one")


@pytest.fixture
def idp():
    made = IdentityProvider()
    yield made
    made.close()


_made: list[KeyCache] = []


def key_cache(*arguments, **settings) -> KeyCache:
    _made.append(KeyCache(*arguments, **settings))
    return _made[-1]


@pytest.fixture(autouse=True)
def closed():
    yield
    while _made:
        _made.pop().close()


class Source:
    """What a fetch returns or raises, and how often it was asked."""

    def __init__(self, *kids: str) -> None:
        self.kids, self.fails, self.seconds, self.asked = list(kids), False, 0.0, 0

    def __call__(self) -> object:
        self.asked += 1
        time.sleep(self.seconds)
        if self.fails:
            raise provider.ProviderFailed("down")
        return {"keys": [jwk(RSA, kid=kid) for kid in self.kids]}


class InMemory:
    def __init__(self) -> None:
        self.kept = None

    def load(self):
        return self.kept

    def save(self, fetched_at, document):
        self.kept = (fetched_at, document)


# --- Which keys are taken -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        pytest.param(jwk(RSA), {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, id="RSA"),
        pytest.param(jwk(RSA, alg="PS256"), {"PS256"}, id="RSA for one algorithm"),
        pytest.param(jwk(EC), {"ES256"}, id="P-256"),
        pytest.param(jwk(ED), {"EdDSA"}, id="Ed25519"),
        pytest.param(jwk(RSA, key_ops=["verify"]), {"RS256"}, id="to verify"),
        pytest.param(jwk(RSA, use="enc"), set(), id="to encrypt"),
        pytest.param(jwk(RSA, key_ops=["encrypt"]), set(), id="to encrypt, said otherwise"),
        pytest.param(jwk(RSA, alg="HS256"), set(), id="a public key as an HMAC secret"),
        pytest.param(jwk(RSA, alg="none"), set(), id="none"),
        pytest.param(jwk(RSA, alg="ES256"), set(), id="an algorithm of another type of key"),
        pytest.param(jwk(RSA, d="AQAB"), set(), id="a private key given away"),
        pytest.param(jwk(RSA, kid=7), set(), id="kid is no text"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "a"}, set(), id="a secret"),
        pytest.param({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, set(), id="a short RSA key"),
        pytest.param({"kty": "RSA", "n": "!", "e": []}, set(), id="no numbers"),
        pytest.param({**jwk(EC), "x": jwk(EC)["y"]}, set(), id="not on the curve"),
        pytest.param({**jwk(EC), "crv": "secp256k1"}, set(), id="another curve"),
        pytest.param({**jwk(EC), "crv": ["P-256"]}, set(), id="a list for a curve"),
        pytest.param({"kty": ["RSA"]}, set(), id="a list for a type"),
        pytest.param("key", set(), id="no object"),
    ],
)
def test_a_key_verifies_what_fits_its_type_and_nothing_else(key, algorithms):
    if not algorithms:
        with pytest.raises(ValueError, match="no key"):
            KeySet({"keys": [key]}, ALGORITHMS)
        return

    keys = KeySet({"keys": [key, jwk(rsa_key("two"), kid="z", alg="RS512")]}, ALGORITHMS)

    found = {name for name in ALGORITHMS if keys._keys.get((None, name))}
    assert found >= algorithms
    assert found <= algorithms or "RS256" in algorithms


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"keys": None}, {"keys": {}}, {"keys": []}]
)
def test_a_document_without_keys_is_refused(document):
    with pytest.raises(ValueError, match="no "):
        KeySet(document, ALGORITHMS)


def test_a_token_without_a_kid_is_the_only_keys():
    one = KeySet({"keys": [jwk(RSA, kid="a"), jwk(EC, kid="b")]}, ALGORITHMS)
    two = KeySet({"keys": [jwk(RSA, kid="a"), jwk(rsa_key("two"), kid="b")]}, ALGORITHMS)

    assert one.find(None, "RS256")
    assert two.find(None, "RS256") is None
    assert two.find("b", "RS256")
    assert two.find("b", "ES256") is None


# --- How they are kept ----------------------------------------------------------------------------


def test_a_known_key_is_found_without_asking_again():
    source = Source("a")
    keys = key_cache(source)

    for _ in range(100):
        assert keys.find("a", "RS256")

    assert source.asked == 1


def test_they_are_fetched_anew_in_the_background_and_a_key_taken_back_is_refused():
    source = Source("a", "b")
    keys = key_cache(source, fresh=0.05, again=0.0)
    keys.find("b", "RS256")

    source.kids = ["a"]
    time.sleep(0.3)

    assert source.asked > 2
    with pytest.raises(UnknownKey):
        keys.find("b", "RS256")


def test_a_new_key_is_good_with_its_first_token():
    source = Source("a")
    keys = key_cache(source, again=0.1)
    keys.find("a", "RS256")
    time.sleep(0.15)

    source.kids = ["b"]

    assert keys.find("b", "RS256")


def test_a_key_made_right_after_a_fetch_is_good_soon_after_its_first_token():
    source = Source("a")
    keys = key_cache(source, again=0.3)
    keys.find("a", "RS256")

    source.kids = ["b"]
    with pytest.raises(UnknownKey):
        keys.find("b", "RS256")
    time.sleep(0.6)

    # Fetched although nobody came again.
    assert source.asked == 2
    assert keys.find("b", "RS256")


def test_a_flood_of_unknown_kids_is_one_fetch_at_a_time_and_costs_the_others_nothing():
    source = Source("a")
    keys = key_cache(source, again=0.4, patience=1.0)
    keys.find("a", "RS256")
    time.sleep(0.4)
    source.seconds, source.asked = 0.2, 0
    ended, slowest = [], []

    def flood(number: int) -> None:
        for each in range(50):
            with pytest.raises((UnknownKey, KeysUnavailable)):
                keys.find(f"{number}-{each}", "RS256")
        ended.append(number)

    def honest() -> None:
        for _ in range(200):
            started = time.perf_counter()
            assert keys.find("a", "RS256")
            slowest.append(time.perf_counter() - started)
            time.sleep(0.001)

    threads = [threading.Thread(target=flood, args=[each]) for each in range(8)]
    threads.append(threading.Thread(target=honest))
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 8
    assert source.asked <= 1 + (time.monotonic() - started) / 0.4
    assert max(slowest) < 0.5


def test_only_a_few_wait_and_the_rest_are_told_to_come_again():
    source = Source("a")
    keys = key_cache(source, again=0.05, waiters=1, patience=1.0)

    def unknown() -> None:
        with pytest.raises(UnknownKey):
            keys.find("x", "RS256")

    keys.find("a", "RS256")
    time.sleep(0.1)
    source.seconds = 0.5
    first = threading.Thread(target=unknown)
    first.start()
    time.sleep(0.1)

    started = time.monotonic()
    with pytest.raises(KeysUnavailable):
        keys.find("y", "RS256")

    assert time.monotonic() - started < 0.1
    first.join()


def test_while_the_provider_is_away_keys_are_good_until_they_are_too_old():
    source = Source("a")
    keys = key_cache(source, fresh=0.05, again=0.05, max_age=0.5)
    keys.find("a", "RS256")

    source.fails = True
    time.sleep(0.2)
    assert keys.find("a", "RS256")
    assert "does not answer" in keys.standing()
    with pytest.raises(KeysUnavailable):
        keys.find("b", "RS256")
    time.sleep(0.5)
    with pytest.raises(KeysUnavailable):
        keys.find("a", "RS256")
    with pytest.raises(KeysUnavailable):
        keys.standing()
    source.fails = False
    time.sleep(0.5)

    assert keys.find("a", "RS256")
    assert keys.standing().startswith("1 keys, fetched 0 s ago")


def test_nobody_waits_longer_than_patience_for_a_provider_that_never_answered():
    source = Source("a")
    source.seconds = 3.0
    keys = key_cache(source, patience=0.2)

    started = time.monotonic()
    with pytest.raises(KeysUnavailable):
        keys.find("a", "RS256")

    assert time.monotonic() - started < 0.5


def test_what_one_process_fetched_serves_the_next_while_the_provider_is_away():
    kept, source = InMemory(), Source("a")
    key_cache(source, kept=kept).find("a", "RS256")
    time.sleep(0.05)

    source.fails = True

    assert key_cache(source, kept=kept).find("a", "RS256")
    with pytest.raises(KeysUnavailable):
        key_cache(source, kept=kept, max_age=0.01, patience=0.2).find("a", "RS256")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": "http://x"}', '{"url": "u"}'])
def test_a_damaged_file_of_keys_is_as_good_as_none(tmp_path, content):
    (tmp_path / "jwks.json").write_text(content)
    kept = provider.KeptInFile(tmp_path / "jwks.json", "u")

    assert key_cache(Source("a"), kept=kept).find("a", "RS256")


def test_keys_are_kept_for_one_address_only(tmp_path):
    provider.KeptInFile(tmp_path / "jwks.json", "one").save(1.0, {"keys": []})

    assert provider.KeptInFile(tmp_path / "jwks.json", "one").load() == (1.0, {"keys": []})
    assert provider.KeptInFile(tmp_path / "jwks.json", "two").load() is None
    assert [each.name for each in tmp_path.iterdir()] == ["jwks.json"]


def test_a_forked_process_fetches_for_itself():
    source = Source("a")
    keys = key_cache(source, again=0.05)
    keys.find("a", "RS256")
    time.sleep(0.1)
    source.kids = ["b"]
    read, write = os.pipe()

    child = os.fork()
    if not child:
        os.write(write, b"1" if keys.find("b", "RS256") else b"0")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read, 1) == b"1"


# --- Over the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", BAD_MOODS)
def test_however_a_provider_misbehaves_it_is_over_in_two_seconds(idp, mood):
    idp.mood = mood

    started = time.monotonic()
    with pytest.raises((provider.ProviderFailed, ValueError)):
        KeySet(provider.get(idp.jwks_url), ALGORITHMS)

    assert time.monotonic() - started < 2.5
    assert "elsewhere" not in "".join(idp.asked)


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
