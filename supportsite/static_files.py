"""Static files as WhiteNoise serves them, but compressed once and not at every start."""

from __future__ import annotations

from os import stat_result
from pathlib import Path

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedStaticFilesStorage

SAME_SECONDS = 1e-5
"""A time that went through a float is not the same to the last nanosecond."""


class KeepingCompressor(Compressor):  # type: ignore[misc]
    """Leaves alone what was compressed before: that has the time of its original."""

    def compress(self, path: str) -> list[str]:
        # Each that this machine can make: brotli may have come since.
        suffixes = (".br",) * bool(self.use_brotli) + (".gz",) * bool(self.use_gzip)
        made = [f"{path}{suffix}" for suffix in suffixes]
        if made and all(_same_time(Path(each), Path(path)) for each in made):
            return made
        compressed: list[str] = super().compress(path)
        return compressed

    def write_data(self, path: str, data: bytes, suffix: str, stat_result: stat_result) -> str:
        # Whole or not at all: a start that is killed leaves nothing that looks finished.
        part = Path(super().write_data(path, data, f"{suffix}.part", stat_result))
        return str(part.replace(f"{path}{suffix}"))


class StaticFilesStorage(CompressedStaticFilesStorage):  # type: ignore[misc]
    def create_compressor(self, **options: bool) -> KeepingCompressor:
        return KeepingCompressor(**options)


def _same_time(compressed: Path, original: Path) -> bool:
    try:
        return abs(compressed.stat().st_mtime - original.stat().st_mtime) < SAME_SECONDS
    except FileNotFoundError:
        return False
