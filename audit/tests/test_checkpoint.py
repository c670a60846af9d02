"""Checkpoints are C2SP's, so that tools of others read and check them."""

from __future__ import annotations

import pytest

from audit.log_format.checkpoint import BadNote, Checkpoint, PublicKey, Signer, notes_in

# The example of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_NOTE = (
    f"{GO_TEXT}\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/tlog-checkpoint, but for its signature.
C2SP_TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

SIGNER = Signer("a secret of this test")


def test_a_note_signed_by_another_tool_is_opened():
    assert PublicKey.parse(GO_KEY).verified_text(GO_NOTE) == GO_TEXT


def test_a_key_is_written_as_other_tools_write_it():
    assert str(PublicKey.parse(GO_KEY)) == GO_KEY


def test_a_checkpoint_is_three_lines():
    read = Checkpoint.parse(C2SP_TEXT)

    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20852163)
    assert read.text() == C2SP_TEXT


def test_what_we_sign_is_opened_with_the_public_key_alone():
    text = Checkpoint(7, b"\1" * 32).text()

    assert PublicKey.parse(str(SIGNER.public)).verified_text(SIGNER.note(text)) == text


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(SIGNER.note("size 7\n").replace("7", "8"), id="another text"),
        pytest.param(Signer("another secret").note("size 7\n"), id="another key"),
        pytest.param("size 7\n", id="not signed"),
        pytest.param("size 7\n\n\N{EM DASH} supportsite/audit AAAA\n", id="no signature"),
        pytest.param("size 7\n\n\N{EM DASH} supportsite/audit ???\n", id="not base64"),
        pytest.param(GO_NOTE, id="somebody else's note"),
    ],
)
def test_any_other_note_is_refused(note):
    with pytest.raises(BadNote):
        SIGNER.public.verified_text(note)


@pytest.mark.parametrize("key", ["", "a+b", GO_KEY.replace("c74f", "c74e"), GO_KEY[:-4]])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(BadNote):
        PublicKey.parse(key)


@pytest.mark.parametrize("text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\n\n"])
def test_a_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_a_file_of_several_notes_is_split():
    notes = [SIGNER.note(Checkpoint(size, bytes(32)).text()) for size in (1, 2, 3)]

    assert list(notes_in("\n".join(notes))) == notes
    assert list(notes_in("".join(notes))) == notes
    assert list(notes_in("")) == []
