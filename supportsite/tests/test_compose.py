"""deploy/compose.yml, as docker-compose itself reads it."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

pytestmark = pytest.mark.slow

DEPLOY = settings.BASE_DIR / "deploy"
# Its second version is a part of docker.
COMPOSE = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
OURS = ("chroma", "migrate", "ingest", "web", "worker", "sealer")


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ with what make_secrets.sh makes."""
    copy = tmp_path_factory.mktemp("site") / "deploy"
    shutil.copytree(
        DEPLOY, copy, ignore=shutil.ignore_patterns("secret*", "certs", "ca", "site.env")
    )
    subprocess.run(["bash", "make_secrets.sh"], cwd=copy, check=True, capture_output=True)
    return copy


@pytest.fixture(scope="module")
def services(site_folder: Path) -> dict[str, Any]:
    return dict(read(site_folder, "compose.yml")["services"])


def read(site_folder: Path, *files: str) -> dict[str, Any]:
    named = [part for file in files for part in ("-f", file)]
    ended = subprocess.run(
        [*COMPOSE, *named, "config"], cwd=site_folder, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return dict(yaml.safe_load(ended.stdout))


def test_secrets_are_made_once_and_only_their_owner_can_enter_the_folder(site_folder):
    before = {file.name: file.read_text() for file in (site_folder / "secrets").iterdir()}

    subprocess.run(["bash", "make_secrets.sh"], cwd=site_folder, check=True, capture_output=True)

    assert {file.name: file.read_text() for file in (site_folder / "secrets").iterdir()} == before
    assert stat.S_IMODE((site_folder / "secrets").stat().st_mode) == 0o700
    assert before["owner_password"] != before["web_password"]
    assert before["web_password"].strip() in before["web_database_url"]


def test_every_service_is_confined(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert not service.get("privileged"), name


def test_only_nginx_is_published_and_only_it_has_a_capability_back(services):
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert [name for name, service in services.items() if "cap_add" in service] == ["nginx"]


def test_nginx_shows_the_service_the_secret_that_the_service_expects(site_folder):
    secret = (site_folder / "secrets" / "proxy_secret").read_text().strip()

    assert f'"{secret}"' in (site_folder / "nginx" / "secret" / "proxy.conf").read_text()


def test_with_the_override_both_nginx_and_the_service_ask_for_a_client_certificate(site_folder):
    services = read(site_folder, "compose.yml", "compose.mtls.yml")["services"]

    assert services["web"]["environment"]["ENFORCE_MTLS"] == "true"
    assert any("client_certificates.on.conf" in str(item) for item in services["nginx"]["volumes"])


def test_the_signing_key_is_the_sealers_and_the_owners_password_never_the_webs(services):
    has = {
        name: {item["source"] for item in of.get("secrets", ())} for name, of in services.items()
    }

    assert [name for name in has if "audit_signing_key" in has[name]] == ["sealer"]
    assert sorted(name for name in has if "owner_database_url" in has[name]) == [
        "migrate",
        "sealer",
    ]


def test_what_watches_it_is_confined_too_and_only_this_machine_reaches_it(site_folder):
    services = read(site_folder, "compose.yml", "compose.monitoring.yml")["services"]
    watching = {name: services[name] for name in ("prometheus", "blackbox", "grafana")}

    for name, service in watching.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert re.search(r":v?\d+\.\d+", service["image"]), name
        for port in service.get("ports", ()):
            assert "127.0.0.1" in str(port), name


def test_every_secret_that_is_read_is_given_and_every_one_given_is_read(services):
    for name in OURS:
        service = services[name]
        read = {
            value.removeprefix("/run/secrets/")
            for variable, value in (service.get("environment") or {}).items()
            if variable.endswith("_FILE") and value.startswith("/run/secrets/")
        }

        assert read == {item["source"] for item in service.get("secrets", ())}, name


def test_every_image_that_is_not_ours_is_pinned_by_a_version(services):
    images = {name: service["image"] for name, service in services.items()}

    assert {name for name in images if images[name] == "supportsite"} == set(OURS)
    assert [image for image in images.values() if not re.search(r"^supportsite$|:\d", image)] == []
