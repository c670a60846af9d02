"""gen_cert.sh: certificates that are good for what they are for, and for nothing else."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from supportsite.tests.edge import SHIPPED, Authority

PUBLISHED = {"ca.crt", "server.crt", "server.key", "client.crt", "client.key"}


@pytest.fixture
def authority(tmp_path) -> Authority:
    authority = Authority(tmp_path)
    authority.run()
    return authority


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def extension(certificate: x509.Certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def permissions(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)[1:]


def test_it_makes_what_the_page_names(authority):
    assert {file.name for file in authority.certs.iterdir()} == PUBLISHED | {"ca.crl"}


def test_keys_are_their_owners_alone_and_the_cas_is_elsewhere(authority):
    assert permissions(authority.file("server.key")) == permissions(authority.file("client.key"))
    assert permissions(authority.file("server.key")) == "rw-------"
    assert permissions(authority.ca / "ca.key") == "rw-------"
    assert permissions(authority.ca) == "rwx------"
    assert not list(authority.certs.glob("ca*.key"))


def test_by_itself_it_keeps_the_cas_key_out_of_nginxs_folder():
    assert "CA_DIR:-${here%/*}/ca" in (SHIPPED / "gen_cert.sh").read_text()


def test_the_ca_may_sign_leaves_and_no_other_ca(authority):
    ca = read(authority.file("ca.crt"))

    constraints = extension(ca, x509.BasicConstraints)
    usage = extension(ca, x509.KeyUsage)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.crl_sign) == (True, True, True)
    assert not usage.value.digital_signature


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        pytest.param("server", ExtendedKeyUsageOID.SERVER_AUTH, id="server"),
        pytest.param("client", ExtendedKeyUsageOID.CLIENT_AUTH, id="client"),
    ],
)
def test_a_leaf_is_for_one_purpose_and_signs_nothing(authority, name, purpose):
    leaf, ca = read(authority.file(f"{name}.crt")), read(authority.file("ca.crt"))

    constraints = extension(leaf, x509.BasicConstraints)
    usage = extension(leaf, x509.KeyUsage)
    assert leaf.version is x509.Version.v3
    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert (usage.critical, usage.value.digital_signature) == (True, True)
    assert not usage.value.key_cert_sign
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [purpose]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)
    leaf.verify_directly_issued_by(ca)
    key = load_pem_private_key(authority.file(f"{name}.key").read_bytes(), None)
    assert key.public_key() == leaf.public_key()


def test_the_server_has_the_names_it_is_called_by(tmp_path):
    authority = Authority(tmp_path)

    authority.run(SERVER_NAMES="support.example.com 203.0.113.7 2001:db8::1")

    names = extension(read(authority.file("server.crt")), x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["support.example.com"]
    assert list(map(str, names.get_values_for_type(x509.IPAddress))) == [
        "203.0.113.7",
        "2001:db8::1",
    ]


def test_run_again_it_keeps_what_is_good(authority):
    before = {
        file.name: file.read_bytes() for file in authority.certs.iterdir() if file.suffix != ".crl"
    }

    output = authority.run()

    assert output.count("kept") == 2
    assert before == {name: authority.file(name).read_bytes() for name in PUBLISHED}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda authority: authority.file("server.key").unlink(), id="its key is gone"),
        pytest.param(
            lambda authority: authority.file("server.key").write_bytes(
                authority.file("client.key").read_bytes()
            ),
            id="its key is another's",
        ),
        pytest.param(
            lambda authority: authority.run("renew", "server", DAYS="29"), id="it ends soon"
        ),
        pytest.param(
            lambda authority: authority.run("revoke", str(authority.file("server.crt"))),
            id="it is revoked",
        ),
    ],
)
def test_run_again_it_makes_anew_what_is_not(authority, spoil):
    spoil(authority)
    before = read(authority.file("server.crt"))

    output = authority.run()

    assert output.count("kept") == 1
    after = read(authority.file("server.crt"))
    assert after.serial_number != before.serial_number
    assert after.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)


def test_a_renewed_certificate_has_a_new_key_and_the_same_name(authority):
    before = read(authority.file("client.crt"))

    authority.run("renew", "client")

    after = read(authority.file("client.crt"))
    assert after.subject == before.subject
    assert after.public_key() != before.public_key()


def test_each_client_has_its_own_name(authority):
    authority.run("client", "shop")

    subject = read(authority.file("shop.crt")).subject.rfc4514_string()
    assert subject == "CN=shop,O=supportsite"


def test_what_is_revoked_is_on_the_list_once(authority):
    authority.run("revoke", str(authority.file("client.crt")))
    authority.run("revoke", str(authority.file("client.crt")))

    revoked = x509.load_pem_x509_crl(authority.file("ca.crl").read_bytes())
    serials = [entry.serial_number for entry in revoked]
    assert serials == [read(authority.file("client.crt")).serial_number]
    assert revoked.is_signature_valid(read(authority.file("ca.crt")).public_key())


def test_the_list_can_be_written_anew(authority):
    before = x509.load_pem_x509_crl(authority.file("ca.crl").read_bytes())

    authority.run("crl", CRL_DAYS="7")

    after = x509.load_pem_x509_crl(authority.file("ca.crl").read_bytes())
    assert after.next_update_utc < before.next_update_utc


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        pytest.param("ca/ca.key", "its key", id="the key"),
        pytest.param("certs/ca.crt", "its certificate", id="the certificate"),
    ],
)
def test_a_ca_of_which_half_is_missing_is_not_made_anew(authority, lost, named):
    (authority.folder / lost).unlink()

    assert named in authority.run(fails=True)
    assert not (authority.folder / lost).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["client"], id="a client without a name"),
        pytest.param(["client", "../evil"], id="a path"),
        pytest.param(["client", "ca"], id="the CA's own name"),
        pytest.param(["client", "server"], id="the server's name"),
        pytest.param(["client", "a/CN=b"], id="a name in a name"),
        pytest.param(["revoke", "no-such.crt"], id="no such certificate"),
        pytest.param(["destroy"], id="no such command"),
    ],
)
def test_what_makes_no_sense_is_refused(authority, arguments):
    authority.run(*arguments, fails=True)

    assert {file.name for file in authority.certs.iterdir()} == PUBLISHED | {"ca.crl"}
