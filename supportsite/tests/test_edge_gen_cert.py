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
def made(tmp_path) -> Authority:
    authority = Authority(tmp_path)
    authority.run()
    return authority


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def extension(certificate: x509.Certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def permissions(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)[1:]


def test_it_makes_what_the_page_names(made):
    assert {file.name for file in made.certs.iterdir()} == PUBLISHED | {"ca.crl"}


def test_keys_are_their_owners_alone_and_the_cas_is_elsewhere(made):
    assert permissions(made.file("server.key")) == permissions(made.file("client.key"))
    assert permissions(made.file("server.key")) == "rw-------"
    assert permissions(made.ca / "ca.key") == "rw-------"
    assert permissions(made.ca) == "rwx------"
    assert not list(made.certs.glob("ca*.key"))


def test_by_itself_it_keeps_the_cas_key_out_of_nginxs_folder():
    assert "CA_DIR:-${here%/*}/ca" in (SHIPPED / "gen_cert.sh").read_text()


def test_the_ca_may_sign_leaves_and_no_other_ca(made):
    ca = read(made.file("ca.crt"))

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
def test_a_leaf_is_for_one_purpose_and_signs_nothing(made, name, purpose):
    leaf, ca = read(made.file(f"{name}.crt")), read(made.file("ca.crt"))

    constraints = extension(leaf, x509.BasicConstraints)
    usage = extension(leaf, x509.KeyUsage)
    assert leaf.version is x509.Version.v3
    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert (usage.critical, usage.value.digital_signature) == (True, True)
    assert not usage.value.key_cert_sign
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [purpose]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)
    leaf.verify_directly_issued_by(ca)
    key = load_pem_private_key(made.file(f"{name}.key").read_bytes(), None)
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


def test_run_again_it_keeps_what_is_good(made):
    before = {
        file.name: file.read_bytes() for file in made.certs.iterdir() if file.suffix != ".crl"
    }

    output = made.run()

    assert output.count("kept") == 2
    assert before == {name: made.file(name).read_bytes() for name in PUBLISHED}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda made: made.file("server.key").unlink(), id="its key is gone"),
        pytest.param(
            lambda made: made.file("server.key").write_bytes(made.file("client.key").read_bytes()),
            id="its key is another's",
        ),
        pytest.param(lambda made: made.run("renew", "server", DAYS="29"), id="it ends soon"),
        pytest.param(
            lambda made: made.run("revoke", str(made.file("server.crt"))), id="it is revoked"
        ),
    ],
)
def test_run_again_it_makes_anew_what_is_not(made, spoil):
    spoil(made)
    before = read(made.file("server.crt"))

    output = made.run()

    assert output.count("kept") == 1
    after = read(made.file("server.crt"))
    assert after.serial_number != before.serial_number
    assert after.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)


def test_a_renewed_certificate_has_a_new_key_and_the_same_name(made):
    before = read(made.file("client.crt"))

    made.run("renew", "client")

    after = read(made.file("client.crt"))
    assert after.subject == before.subject
    assert after.public_key() != before.public_key()


def test_each_client_has_its_own_name(made):
    made.run("client", "shop")

    subject = read(made.file("shop.crt")).subject.rfc4514_string()
    assert subject == "CN=shop,O=supportsite"


def test_what_is_revoked_is_on_the_list_once(made):
    made.run("revoke", str(made.file("client.crt")))
    made.run("revoke", str(made.file("client.crt")))

    revoked = x509.load_pem_x509_crl(made.file("ca.crl").read_bytes())
    serials = [entry.serial_number for entry in revoked]
    assert serials == [read(made.file("client.crt")).serial_number]
    assert revoked.is_signature_valid(read(made.file("ca.crt")).public_key())


def test_the_list_can_be_written_anew(made):
    before = x509.load_pem_x509_crl(made.file("ca.crl").read_bytes())

    made.run("crl", CRL_DAYS="7")

    after = x509.load_pem_x509_crl(made.file("ca.crl").read_bytes())
    assert after.next_update_utc < before.next_update_utc


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        pytest.param("ca/ca.key", "its key", id="the key"),
        pytest.param("certs/ca.crt", "its certificate", id="the certificate"),
    ],
)
def test_a_ca_of_which_half_is_missing_is_not_made_anew(made, lost, named):
    (made.folder / lost).unlink()

    assert named in made.run(fails=True)
    assert not (made.folder / lost).exists()


@pytest.mark.parametrize(
    "asked",
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
def test_what_makes_no_sense_is_refused(made, asked):
    made.run(*asked, fails=True)

    assert {file.name for file in made.certs.iterdir()} == PUBLISHED | {"ca.crl"}
