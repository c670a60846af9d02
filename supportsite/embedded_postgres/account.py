"""Run as root: the system user that Postgres runs as, and access to its files.

Postgres refuses to run as root, and its user must be able to enter each folder above its data and
programs. A folder that it cannot enter, such as ``/root``, gets the mode ``o+x`` (never ``o+r``:
nobody can list it), and a warning names it. Run as another user, the site changes no folder.
"""

import logging
import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EmbeddedPostgresError

USER_NAME = "supportsite-postgres"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """A system user, as numbers: owners of data folders need not have a name."""

    uid: int
    gid: int

    def as_subprocess_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def account_for(data: Path) -> Account | None:
    """The user to run Postgres as if this process is root; None otherwise.

    The owner of existing data stays the owner (``sudo make run`` after ``make run``); otherwise a
    system user ``supportsite-postgres``, made on first use.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (status := data.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    entry = _system_user()
    return Account(entry.pw_uid, entry.pw_gid)


def make_passable(account: Account, places: Iterable[Path]) -> None:
    """Let ``account`` enter every folder above ``places``; warn of folders that were changed."""
    folders = {folder for place in places for folder in place.resolve().parents}
    closed = sorted(folder for folder in folders if not account.may_enter(folder))
    for folder in closed:
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    if closed:
        logger.warning(
            "Postgres runs as a system user. So that it can reach its files, all users may now "
            "enter, but not list (chmod o+x): %s. "
            "To avoid it run the site as an ordinary user, or set DATABASE_URL.",
            ", ".join(map(str, closed)),
        )


def make_readable(folder: Path) -> None:
    """Make the installed programs in ``folder`` readable, whatever the umask was."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink() or not path.exists():
            continue
        mode = path.stat().st_mode
        readable = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if readable != mode:
            path.chmod(readable)


def _system_user() -> pwd.struct_passwd:
    # `su` without `-` leaves root without these.
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    reason = "there is no useradd"
    # Several times, because another site may be making it at this moment.
    for _ in range(4):
        with suppress(KeyError):
            return pwd.getpwnam(USER_NAME)
        if useradd:
            options = ("--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME)
            added = subprocess.run(  # noqa: S603
                [useradd, *options], capture_output=True, text=True, check=False
            )
            reason = added.stderr.strip()
            time.sleep(0 if added.returncode == 0 else 0.5)
    raise EmbeddedPostgresError(
        f"Postgres does not run as root, and the system user {USER_NAME} could not be created "
        f"({reason}): run the site as an ordinary user, or set DATABASE_URL."
    )
