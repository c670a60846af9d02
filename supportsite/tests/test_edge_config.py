"""NGINX's configuration read as text: what no place in it may forget or have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from supportsite.tests.edge import SHIPPED, Authority, Nginx
from supportsite.web.problems import phrase_of, problem_type
from tickets.attachment_files import MAX_BYTES
from tickets.inbound.webhooks import MAX_BODY_BYTES

TOLD = (
    "X-SSL-Client-Verify",
    "X-SSL-Client-Subject",
    "X-SSL-Client-Cert",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
)


@dataclass
class Block:
    """A directive with all that is in its braces, includes taken in."""

    words: list[str]
    inside: list[Block] = field(default_factory=list)

    def all(self, name: str) -> list[Block]:
        """Directives of this name at this level."""
        return [directive for directive in self.inside if directive.words[0] == name]

    def blocks(self) -> list[Block]:
        return [self, *(below for directive in self.inside for below in directive.blocks())]


WORD = re.compile(r"""\s*(?:\#[^\n]*|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};]+))""")


def read(file: Path) -> list[Block]:
    words = [matches for matches in WORD.findall(file.read_text()) if matches]
    return _read(iter(_joined(words)), file.parent)


def _joined(words: list[str]) -> list[str]:
    return [word[1:-1] if word[0] in "\"'" and len(word) > 1 else word for word in words]


def _read(words, folder: Path) -> list[Block]:
    matches: list[Block] = []
    output: list[str] = []
    for word in words:
        if word == "}":
            return matches
        if word == ";":
            if output[0] == "include":
                for file in sorted(folder.glob(output[1])):
                    matches += read(file)
            else:
                matches.append(Block(output))
            output = []
        elif word == "{":
            matches.append(Block(output, _read(words, folder)))
            output = []
        else:
            output.append(word)
    return matches


@pytest.fixture(scope="module")
def http() -> Block:
    (one,) = Block([""], read(SHIPPED / "nginx.conf")).all("http")
    return one


def servers(http: Block) -> list[Block]:
    matches = http.all("server")
    assert len(matches) == 2
    return matches


def test_every_place_that_passes_requests_on_says_itself_who_called(http):
    passing = [block for block in http.blocks() if block.all("proxy_pass")]

    assert len(passing) >= 3
    for place in [*passing, *servers(http)]:
        output = [directive.words[1] for directive in place.all("proxy_set_header")]
        assert set(TOLD) <= set(output), place.words
        assert len(output) == len(set(output))


def test_headers_are_set_in_one_file_each():
    for directive, home in (
        ("proxy_set_header", "proxy.conf"),
        ("add_header", "security_headers.conf"),
    ):
        having = {
            file.name
            for file in SHIPPED.glob("*.conf")
            if re.search(rf"^\s*{directive}\b", file.read_text(), re.MULTILINE)
        }
        assert having == {home}


def test_the_secret_is_taken_in_wherever_the_headers_are():
    assert "include secret/*.conf;" in (SHIPPED / "proxy.conf").read_text()


def test_what_is_for_inside_is_blocked_by_prefix(http):
    _, main = servers(http)
    blocked = {
        place.words[2]: place
        for place in main.all("location")
        if [directive.words for directive in place.inside] == [["return", "404"]]
    }

    assert set(blocked) == {"/metrics", "/readyz", "/dev"}
    assert all(place.words[1] == "^~" for place in blocked.values())


def test_nothing_else_of_the_site_begins_like_that():
    routes = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    hidden = [route for route in routes if route.startswith(("metrics", "readyz", "dev"))]

    assert set(hidden) <= {"metrics", "readyz", "dev/token"}


def test_plain_http_passes_nothing_on(http):
    plain, _ = servers(http)

    assert [block for block in plain.blocks() if block.words[0] == "proxy_pass"] == []


def test_bodies_are_as_large_as_the_service_takes_them(http):
    (most,) = http.all("client_max_body_size")
    assert most.words[1] == f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024}k"

    _, main = servers(http)
    larger = [
        directive.words[1]
        for place in main.all("location")
        for directive in place.all("client_max_body_size")
    ]
    # What surrounds a file in a form is not counted by the service.
    files, uploads = (size // 1024**2 + 1 for size in (MAX_BYTES, settings.FILE_UPLOAD_MAX_SIZE))
    assert larger == [f"{files}m", f"{MAX_BODY_BYTES // 1024**2}m", f"{uploads}m"]


def test_problems_have_the_types_and_titles_of_the_service(http):
    types, titles = (
        dict(
            place.words
            for block in http.all("map")
            if block.words[-1] == name
            for place in block.inside
        )
        for name in ("$problem_type", "$problem_title")
    )

    statuses = types.keys() - {"default"}
    assert statuses == titles.keys() - {"default"}
    assert {status: types[status] for status in statuses} == {
        status: problem_type(int(status)) for status in statuses
    }
    assert {status: titles[status] for status in statuses} == {
        status: phrase_of(int(status)) for status in statuses
    }


def test_every_file_is_used():
    text = "".join(file.read_text() for file in SHIPPED.glob("*.conf"))
    alternatives = {"client_certificates.on.conf", "client_certificates.optional.conf"}

    for file in SHIPPED.glob("*.conf"):
        if file.name not in alternatives | {"nginx.conf"}:
            assert f"include {file.name};" in text


@pytest.mark.parametrize("certificates", ["", "optional", "on"])
@pytest.mark.parametrize("upstream", ["unix:/run/supportsite/web.sock", "127.0.0.1:8000"])
def test_nginx_takes_it_without_a_warning(authority: Authority, tmp_path, certificates, upstream):
    with Nginx(tmp_path, authority, upstream, certificates=certificates) as nginx:
        assert nginx.errors == ""
