"""The layout of the code and of the README, as docs/contributing.md states it."""

from __future__ import annotations

from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

pytestmark = pytest.mark.core

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("supportsite", "assistant", "tickets", "faq", "audit")
NOT_ROOMS = {"tests", "migrations", "management", "commands"}
MAX_MODULES = 14


def rooms() -> list[Path]:
    """The sub-packages of the apps."""
    return [
        file.parent
        for app in APPS
        for file in (ROOT / app).rglob("__init__.py")
        if file.parent != ROOT / app and not NOT_ROOMS.intersection(file.relative_to(ROOT).parts)
    ]


def test_no_sub_package_has_too_many_modules():
    modules = {room: [*room.glob("[!_]*.py")] for room in rooms()}

    assert len(modules) > 20
    assert {room for room, files in modules.items() if len(files) > MAX_MODULES} == set()


def test_a_sub_package_says_what_is_in_it():
    for room in rooms():
        if [*room.glob("[!_]*.py")] and room.parts[-2] != "formats" and room.name != "templatetags":
            assert (room / "__init__.py").read_text().startswith('"""'), room


def test_sub_packages_of_an_app_do_not_import_each_other_in_a_circle():
    graph = grimp.build_graph(*APPS, exclude_type_checking_imports=True)
    names = {".".join(room.relative_to(ROOT).parts[:2]) for room in rooms()}
    imports = defaultdict(set)
    for module in graph.modules:
        importer = ".".join(module.split(".")[:2])
        for imported in graph.find_modules_directly_imported_by(module):
            target = ".".join(imported.split(".")[:2])
            if importer in names and target in names and target != importer:
                imports[importer].add(target)

    assert len(imports) > 20
    assert [*TopologicalSorter(imports).static_order()]  # Raises CycleError, with the circle.


def test_the_readme_fits_on_three_screens():
    lines = (ROOT / "README.md").read_text().splitlines()

    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 120] == []
