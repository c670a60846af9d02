"""The files of a mail to store with the ticket, and a remark about each of the others."""

from __future__ import annotations

from tickets.attachment_files import (
    MAX_BYTES,
    MAX_FILES,
    MAX_FILES_OF_TICKET,
    InvalidFile,
    NewFile,
    too_large,
)
from tickets.attachments import Attachment
from tickets.inbound.parsing import ParsedMail
from tickets.models import Ticket

WHOLE_TEXT = "mail.txt"
"""The file with the text of a mail that is too long for a message."""


def accepted_files(
    parsed: ParsedMail, whole_text: str = "", *, ticket: Ticket | None = None
) -> tuple[list[NewFile], str]:
    """The files to attach, and a line for each that is not, with its name and the reason.

    ``whole_text`` is attached first if it is not empty.
    """
    room = MAX_FILES_OF_TICKET - (Attachment.objects.of(ticket).count() if ticket else 0)
    files = [NewFile(WHOLE_TEXT, "text/plain", whole_text.encode())] if whole_text else []
    remarks = [f"The whole text is in {WHOLE_TEXT}."] if whole_text and room else []
    files = files[: max(room, 0)]
    for file in parsed.files:
        try:
            new = NewFile.checked(file.name, file.data)
            if len(files) >= min(MAX_FILES, room):
                raise InvalidFile("There are too many files.")
            if sum(len(file.data) for file in (*files, new)) > MAX_BYTES:
                raise InvalidFile(too_large())
            files.append(new)
        except InvalidFile as reason:
            remarks.append(f"Not attached: {file.name or 'a file'}. {reason}")
    return files, "\n".join(remarks)
