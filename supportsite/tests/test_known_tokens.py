"""A token's signature is not computed again for every request; nothing else about it changes."""

from __future__ import annotations

import time

import pytest
from rest_framework.exceptions import AuthenticationFailed

from supportsite.authentication import issue, verify
from supportsite.known_tokens import KnownTokens

CLAIMS = {"sub": "u1", "exp": 4_000_000_000}


def test_a_token_that_was_found_good_is_known():
    known = KnownTokens()
    known.keep("token", CLAIMS)

    assert known.get("token") == CLAIMS
    assert known.get("token ") is None


def test_it_is_known_no_longer_than_it_lives():
    known = KnownTokens()
    known.keep("token", {**CLAIMS, "exp": time.time() + 0.05})
    time.sleep(0.06)

    assert known.get("token") is None
    assert not len(known)


def test_after_a_moment_it_is_judged_anew():
    known = KnownTokens(seconds=0.05)
    known.keep("token", CLAIMS)
    time.sleep(0.06)

    assert known.get("token") is None


def test_the_one_unused_for_longest_makes_room():
    known = KnownTokens(most=2)
    known.keep("one", CLAIMS)
    known.keep("two", CLAIMS)
    known.get("one")
    known.keep("three", CLAIMS)

    assert [known.get(token) is not None for token in ("one", "two", "three")] == [
        *(True, False, True)
    ]


def test_a_known_token_that_expires_is_refused_at_once():
    token = issue("u1", ["customer"], seconds=1)
    assert verify(token)["sub"] == "u1"
    time.sleep(1.1)

    with pytest.raises(AuthenticationFailed):
        verify(token)


def test_a_known_token_is_refused_as_soon_as_the_secret_or_the_issuer_is_another(settings):
    token = issue("u1", ["customer"], seconds=60)
    verify(token)
    settings.JWT_ISSUER = "https://id.example.com"
    with pytest.raises(AuthenticationFailed):
        verify(token)
    settings.JWT_ISSUER = ""
    settings.JWT_SECRET = "another-secret-of-more-than-32-characters"

    with pytest.raises(AuthenticationFailed):
        verify(token)


def test_a_token_like_a_known_one_is_refused():
    token = issue("u1", ["customer"], seconds=60)
    verify(token)

    with pytest.raises(AuthenticationFailed):
        verify(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"))
