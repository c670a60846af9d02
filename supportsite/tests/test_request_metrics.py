"""Request metrics: labels are closed sets of words, and never what was typed."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

ASK = "ask"


def counted(**labels: str) -> float:
    name = "django_http_responses_total_by_status_view_method_total"
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        pytest.param("post", "/ask", ("401", ASK, "POST"), id="one that is refused"),
        pytest.param(
            "get", "/healthz", ("200", "supportsite.monitoring.health.healthz", "GET"), id="a probe"
        ),
        pytest.param("get", "/my-secret", ("404", "<unnamed view>", "GET"), id="an unknown path"),
    ],
)
@pytest.mark.django_db
def test_a_request_is_counted_by_status_view_and_method(client, method, path, labels):
    expected = dict(zip(("status", "view", "method"), labels, strict=True))
    before = counted(**expected)

    client.generic(method.upper(), path)

    assert counted(**expected) == before + 1


@pytest.mark.django_db
def test_its_time_is_observed(client):
    labels = {"view": ASK, "method": "POST"}
    name = "django_http_requests_latency_seconds_by_view_method_count"
    before = REGISTRY.get_sample_value(name, labels) or 0.0

    client.post("/ask")

    assert REGISTRY.get_sample_value(name, labels) == before + 1


@pytest.mark.django_db
def test_an_invented_method_is_refused_and_makes_no_new_label(client):
    reply = client.generic("BREW", "/ask")

    assert reply.status_code == 405
    samples = (sample for family in REGISTRY.collect() for sample in family.samples)
    assert "BREW" not in {sample.labels.get("method") for sample in samples}
