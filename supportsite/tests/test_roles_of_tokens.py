"""Roles from what providers put into their tokens."""

from __future__ import annotations

import pytest

from audit.identity.principal import Role
from supportsite.auth.claims import parse_map, role_names, value_at

KEYCLOAK = {
    "realm_access": {"roles": ["Support Desk", "offline_access"]},
    "resource_access": {"my.client": {"roles": ["kb-editors"]}},
}
AUTH0 = {"https://example.com/roles": ["support"], "https://example": {"com/roles": ["admin"]}}
MAP = "Support Desk=support; kb-editors=curator publisher; CN=Audit,OU=Groups,DC=example=auditor"


@pytest.mark.parametrize(
    ("claims", "path", "mapped", "roles"),
    [
        pytest.param({"role": "customer"}, "", "", {"customer"}, id="one word"),
        pytest.param({"roles": ["support"], "role": "customer"}, "", "", {"support", "customer"},
                     id="both usual claims"),
        pytest.param(KEYCLOAK, "realm_access.roles", MAP, {"support"}, id="Keycloak's realm roles"),
        pytest.param(KEYCLOAK, "resource_access.my.client.roles", MAP, {"curator", "publisher"},
                     id="Keycloak's client roles, the client's id with a dot"),
        pytest.param({"roles": ["Support Desk"]}, "roles", MAP, {"support"}, id="Entra's roles"),
        pytest.param({"groups": ["7d1f-a"]}, "groups", "7d1f-a=auditor", {"auditor"},
                     id="Entra's groups"),
        pytest.param(AUTH0, "https://example.com/roles", "", {"support"},
                     id="Auth0's claim, in full before in parts"),
        pytest.param({"scope": "openid support"}, "scope", "", {"openid", "support"}, id="scope"),
        pytest.param({"scp": "faq.read"}, "scp", "faq.read=curator", {"curator"}, id="Entra's scp"),
        pytest.param({"roles": "admin customer"}, "roles", "", {"admin customer"},
                     id="two words are one name elsewhere"),
        pytest.param({"g": ["CN=Audit,OU=Groups,DC=example"]}, "g", MAP, {"auditor"},
                     id="a directory's name"),
        pytest.param({"roles": ["admin", "support"]}, "roles", MAP, set(),
                     id="with a map, names of ours that are not on it are strangers"),
        pytest.param({"roles": ["support desk"]}, "roles", MAP, set(), id="case matters"),
        pytest.param({"roles": ["admin"]}, "realm_access.roles", "", set(), id="another claim"),
        pytest.param({"realm_access": ["admin"]}, "realm_access.roles", "", set(), id="no object"),
        pytest.param({"realm_access": None}, "realm_access.roles", "", set(), id="null"),
        pytest.param({"roles": {"admin": True}}, "roles", "", set(), id="an object"),
        pytest.param({"roles": [["admin"], 7, None, True]}, "roles", "", set(), id="no texts"),
        pytest.param({"is_superuser": True, "is_staff": True}, "", "", set(), id="Django's claims"),
    ],
)  # fmt: skip
def test_roles_are_found_by_path_and_translated_by_map(claims, path, mapped, roles):
    assert role_names(claims, path, parse_map(mapped, list(Role))) == roles


def test_a_map_is_read_literally():
    matches = parse_map(" a b = support ;; a b=auditor; c=curator  publisher;", list(Role))

    assert matches == {"a b": {"support", "auditor"}, "c": {"curator", "publisher"}}


@pytest.mark.parametrize("text", ["support", "=support", "x=", "x=root", "x=support root", "a;b"])
def test_a_map_that_cannot_be_right_is_refused(text):
    with pytest.raises(ValueError, match="like|made of"):
        parse_map(text, list(Role))


@pytest.mark.parametrize("path", ["a", "a.b", ".", "..", "a.", ".a", "b.c.d"])
def test_a_path_to_nothing_leads_to_nothing(path):
    assert value_at({"b": {"c": {}}, "": 1}, path) is None
