from __future__ import annotations

import time

import jwt
import pytest
from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed

from audit.identity.principal import Principal, Role
from supportsite.auth.authentication import email_of, issue, roles_of, subject_of, verify

LATER = int(time.time()) + 86_400


def signed(claims, *, key=None, algorithm="HS256"):
    return jwt.encode(claims, key or settings.JWT_SECRET, algorithm=algorithm)


def test_a_token_of_ours_states_its_subject_and_roles():
    claims = verify(issue("u1", ["customer", "auditor"], seconds=60))

    assert subject_of(claims) == "u1"
    assert roles_of(claims) == {Role.CUSTOMER, Role.AUDITOR}


def test_a_token_of_another_issuer_with_our_key_needs_only_sub_role_and_exp():
    claims = verify(signed({"sub": "u1", "role": "support", "exp": LATER}))

    assert roles_of(claims) == {Role.SUPPORT}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "a.b.c", id="no token"),
        pytest.param(lambda: "x" * 10_000, id="too long"),
        pytest.param(lambda: signed({"sub": "u1", "exp": 1}), id="expired"),
        pytest.param(lambda: signed({"sub": "u1"}), id="never expires"),
        pytest.param(lambda: signed({"sub": "u1", "exp": 1e300}), id="expires beyond time"),
        pytest.param(lambda: signed({"sub": "u1", "exp": "soon"}), id="expiry in words"),
        pytest.param(lambda: signed({"sub": "u1", "exp": LATER, "nbf": LATER}), id="not yet valid"),
        pytest.param(lambda: signed({"sub": "u1", "exp": LATER}, key="k" * 40), id="another key"),
        pytest.param(
            lambda: jwt.encode({"sub": "u1", "exp": LATER}, "", algorithm="none"), id="unsigned"
        ),
        pytest.param(
            lambda: signed({"sub": "u1", "exp": LATER}, algorithm="HS512"), id="another algorithm"
        ),
    ],
)
def test_any_other_token_is_refused(token):
    with pytest.raises(AuthenticationFailed):
        verify(token())


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        pytest.param({"roles": ["support", "auditor"]}, {"support", "auditor"}, id="a list"),
        pytest.param({"role": "customer"}, {"customer"}, id="one word"),
        pytest.param({"roles": "not-admin"}, set(), id="a word that holds a role's name"),
        pytest.param({"roles": "admin customer"}, set(), id="two words in one are no role"),
        pytest.param({"roles": ["root", "Admin"]}, set(), id="unknown roles are dropped"),
        pytest.param({"roles": [["admin"], None, 7]}, set(), id="no strings"),
        pytest.param({"roles": {"admin": True}}, set(), id="an object"),
        pytest.param({"is_superuser": True, "is_staff": True}, set(), id="Django's own claims"),
        pytest.param({}, set(), id="none"),
    ],
)
def test_roles_are_read_literally(claims, roles):
    assert {role.value for role in roles_of(claims)} == roles


@pytest.mark.parametrize("subject", [None, "", 7, ["u1"], "a b", "a\nb", "x" * 201])
def test_a_token_must_name_a_plain_subject(subject):
    with pytest.raises(AuthenticationFailed):
        subject_of({"sub": subject})


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "jo@example.com"}, "jo@example.com"),
        ({"email": "jo@example.com", "email_verified": True}, "jo@example.com"),
        ({"email": "jo@example.com", "email_verified": "true"}, "jo@example.com"),
        ({"email": "jo@example.com", "email_verified": False}, ""),
        ({"email": "jo@example.com", "email_verified": "false"}, ""),
        ({"email": "jo@example.com", "email_verified": None}, ""),
        ({"email": "jo@example.com, eve@example.org"}, ""),
        ({"email": "jo@example.com\nBcc: eve@example.org"}, ""),
        ({"email": ["jo@example.com"]}, ""),
        ({}, ""),
    ],
)
def test_an_address_counts_unless_the_token_says_it_is_not_verified(claims, email):
    assert email_of(claims) == email


@pytest.mark.parametrize("user_id", ["42", 42])
def test_simplejwts_user_id_is_a_subject_as_text_or_number(user_id):
    assert subject_of({"user_id": user_id}) == "42"


@pytest.mark.parametrize("claims", [{"user_id": True}, {"user_id": 4.2}, {"sub": 7, "user_id": 7}])
def test_no_other_number_is_a_subject(claims):
    with pytest.raises(AuthenticationFailed):
        subject_of(claims)


def test_a_principal_never_counts_as_staff():
    principal = Principal("u1", frozenset({Role.ADMIN}))

    assert not principal.is_staff
    assert not principal.is_superuser
    assert principal.has({Role.AUDITOR})
