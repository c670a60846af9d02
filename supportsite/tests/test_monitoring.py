"""deploy/monitoring/: it loads, its alerts fire, and it speaks of metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import combinations
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.slow

FOLDER = settings.BASE_DIR / "deploy" / "monitoring"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [
    *(rule["expr"] for rule in RULES),
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
]
METRIC = re.compile(r"\b(?:supportsite|assistant|audit|tickets|django|probe)_\w+")

NOT_OURS = {"probe_success", "probe_ssl_earliest_cert_expiry"}
"""The blackbox exporter's."""


def promtool(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, **options
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("check", "config", "prometheus.yml"), id="the configuration, with its rules"),
        pytest.param(("test", "rules", "rules.test.yml"), id="the tests of the alerts"),
    ],
)
def test_prometheus_takes(arguments):
    ended = promtool(*arguments)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_alert_is_tested_says_what_is_wrong_and_how_urgent_it_is():
    tests = yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]
    fired = {
        one["alertname"]
        for test in tests
        for one in test.get("alert_rule_test", ())
        if one["exp_alerts"]
    }

    assert fired == {rule["alert"] for rule in RULES}
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in RULES)


def test_every_expression_of_the_dashboard_is_one_that_prometheus_understands(tmp_path):
    expressions = [
        expression.replace("$__rate_interval", "5m").replace("$job", "supportsite")
        for expression in EXPRESSIONS
    ]
    rules = [{"record": f"panel:{place}", "expr": one} for place, one in enumerate(expressions)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    ended = promtool("check", "rules", str(file))

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_two_panels_have_one_id_or_lie_on_each_other():
    panels = DASHBOARD["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


@pytest.mark.django_db
def test_every_metric_they_name_is_one_that_the_site_exports():
    page = Client().get("/metrics").content.decode()
    there = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", page, re.MULTILINE):
        there |= (
            {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if kind == "histogram" else {name}
        )
    named = {name for expression in EXPRESSIONS for name in METRIC.findall(expression)}

    assert len(named) > 10
    assert sorted(named - there - NOT_OURS) == []


@pytest.mark.django_db
def test_missing_counts_are_0_and_the_last_counts_are_shown_without_the_database(settings):
    settings.CHROMA_URL = "http://127.0.0.1:9"

    def refuse(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(refuse):
        page = Client().get("/metrics").content.decode()

    assert 'supportsite_ready{of="database"} 0.0' in page
    assert 'supportsite_ready{of="index"} 0.0' in page
    assert "# TYPE assistant_asks_total counter" in page
    assert "tickets_dead_letters" not in page
