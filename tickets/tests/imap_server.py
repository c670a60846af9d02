"""A real IMAP server (Dovecot) with one mailbox, and mails that come into it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from urllib.parse import quote

from supportsite.tests.served import free_port

SECONDS = 20
USER, PASSWORD = "support@desk.example", "p/w@of-the-mailbox"

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
auth_failure_delay = 0
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
service anvil {{
  chroot =
  # No delay after a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class ImapServer:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._numbers = count(1)

    @property
    def url(self) -> str:
        return self.url_with(PASSWORD)

    def url_with(self, password: str, folder: str = "INBOX") -> str:
        password = quote(password, safe="")
        return f"imap://support%40desk.example:{password}@127.0.0.1:{self.port}/{folder}"

    def deliver(self, mail: EmailMessage | bytes) -> None:
        """Put a mail into the mailbox, as a mail server does (maildir)."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        name = f"{time.time():.6f}.{next(self._numbers):06d}.test"
        (self.folder / "mail" / "tmp" / name).write_bytes(raw)
        os.chown(self.folder / "mail" / "tmp" / name, *_owner(self.folder))
        (self.folder / "mail" / "tmp" / name).rename(self.folder / "mail" / "new" / name)

    def unseen(self) -> int:
        """Mails without the flag S in their file names (maildir)."""
        files = [
            *(self.folder / "mail" / "new").iterdir(),
            *(self.folder / "mail" / "cur").iterdir(),
        ]
        return sum("S" not in file.name.partition(":2,")[2] for file in files)

    def empty(self) -> None:
        for name in ("new", "cur"):
            for file in (self.folder / "mail" / name).iterdir():
                file.unlink()


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    with tempfile.TemporaryDirectory(prefix="imap") as name:
        folder = Path(name)
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        for part in ("mail/new", "mail/cur", "mail/tmp"):
            (folder / part).mkdir(parents=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        server = ImapServer(folder, free_port())
        (folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=folder,
                user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name,
                password=PASSWORD,
                port=server.port,
            )
        )
        program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "install dovecot-imapd"
        process = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")])
        try:
            _wait_for(server)
            yield server
        finally:
            process.terminate()
            process.wait(SECONDS)


def _wait_for(server: ImapServer) -> None:
    until = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _owner(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_uid, status.st_gid
