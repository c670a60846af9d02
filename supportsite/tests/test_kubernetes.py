"""deploy/kubernetes/: every object is one that Kubernetes takes, and they fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

pytestmark = pytest.mark.slow

FOLDER = settings.BASE_DIR / "deploy" / "kubernetes"
VERSION = "1.30"
ELSEWHERE = {"Kustomization", "ServiceMonitor"}
"""Kinds that Kubernetes itself does not know."""

OBJECTS = [
    pytest.param(thing, id=f"{file.name}: {thing['kind']} {thing.get('metadata', {}).get('name')}")
    for file in sorted(FOLDER.glob("*.yaml"))
    for thing in yaml.safe_load_all(file.read_text())
]


def things(kind: str = "") -> Iterator[dict[str, Any]]:
    for parameters in OBJECTS:
        (thing,) = parameters.values
        if not kind or thing["kind"] == kind:
            yield thing


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for thing in things():
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield thing["metadata"]["name"], template["spec"]


@pytest.mark.parametrize("thing", OBJECTS)
def test_kubernetes_takes_it(thing):
    if thing["kind"] in ELSEWHERE:
        assert thing["apiVersion"].count("/") == 1
        return

    kubernetes_validate.validate(thing, VERSION, strict=True)


def test_every_file_is_part_of_it_or_says_why_not():
    (kustomization,) = things("Kustomization")
    named = set(kustomization["resources"]) - {"../nginx"}
    left_out = {"kustomization.yaml", "secrets.example.yaml", "servicemonitor.yaml"}

    assert {file.name for file in FOLDER.glob("*.yaml")} - left_out == named


def test_every_container_is_confined():
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["limits"]["memory"], name


def test_every_secret_that_is_read_is_mounted_and_the_signing_key_is_the_sealers_alone():
    keys = {secret["metadata"]["name"]: set(secret["stringData"]) for secret in things("Secret")}
    has_the_key = set()
    for name, pod in pods():
        mounted = set()
        for volume in pod.get("volumes", []):
            for source in volume.get("projected", {}).get("sources", []):
                if secret := source.get("secret"):
                    of = keys[secret["name"]]
                    chosen = {item["key"] for item in secret.get("items", [])}
                    assert chosen <= of, name
                    mounted |= chosen or of
        read = {
            variable["value"].removeprefix("/run/secrets/")
            for container in pod["containers"] + pod.get("initContainers", [])
            for variable in container.get("env", [])
            if variable["name"].endswith("_FILE")
        }

        assert read <= mounted, name
        if "audit_signing_key" in mounted:
            has_the_key.add(name)

    assert has_the_key == {"sealer"}


def test_the_configuration_of_nginx_is_whole():
    nginx = FOLDER.parent / "nginx"
    (generated,) = yaml.safe_load((nginx / "kustomization.yaml").read_text())["configMapGenerator"]
    shipped = {file.name for file in nginx.glob("*.conf")}
    chosen_elsewhere = {
        "upstream.conf",
        "client_certificates.on.conf",
        "client_certificates.optional.conf",
    }

    assert set(generated["files"]) == shipped - chosen_elsewhere
