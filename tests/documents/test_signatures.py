"""Papers signed: readers find them signed and whole, a changed byte is found, and PDF/A-3 with its files stays."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID
from lxml import etree
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader
from signxml.exceptions import InvalidSignature
from signxml.verifier import XMLVerifier

from metrology.documents import signed_pdf, signing_key
from metrology.documents.certificate_pdf import certificate_pdf
from metrology.documents.dcc import dcc_tree
from metrology.documents.signed_pdf import sign_pdf
from metrology.documents.signed_xml import sign_xml
from metrology.documents.signing_key import SigningKey
from metrology.documents.typesetting import Attachment
from metrology.domain.problems import Problem
from tests.documents.dcc import NS, faults, needs_schema
from tests.documents.paper import create_facts, page_texts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUREAU = "新乡市市场监督管理局"
INSIDE = (Attachment("certificate.xml", "<a>示范\u2009𠮷</a>", "application/xml", "data", "数字证书"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def key(folder: Path) -> SigningKey:
    return signing_key.own(folder, BUREAU, NOW)


@pytest.fixture(scope="module")
def paper() -> bytes:
    return certificate_pdf(create_facts(), language="zh-en", attachments=INSIDE)


@pytest.fixture(scope="module")
def signed(paper: bytes, key: SigningKey) -> bytes:
    return sign_pdf(paper, key, reason="签发")[0]


def checked(pdf: bytes, key: SigningKey, tmp_path: Path) -> object:
    root = tmp_path / "root.pem"
    root.write_bytes(key.authority_pem())
    trust = ValidationContext(trust_roots=[load_cert_from_pemder(str(root))])
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(signature, trust)


# -- PDF


def test_a_signed_paper_is_valid_whole_and_trusted_by_who_trusts_the_root(
    signed: bytes, key: SigningKey, tmp_path: Path
) -> None:
    status = checked(signed, key, tmp_path)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)  # type: ignore[attr-defined]
    assert status.coverage.name == "ENTIRE_FILE"  # type: ignore[attr-defined]


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler's pdfsig is not installed")
def test_poppler_says_signed_and_whole(signed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed)
    said = subprocess.run(["pdfsig", "-nocert", str(file)], check=False, capture_output=True, text=True).stdout
    for words in ("Signature is Valid", "Total document signed", "ETSI.CAdES.detached", "SHA-256", BUREAU):
        assert words in said, said


def test_the_document_itself_is_untouched_and_stays_pdf_a_3(paper: bytes, signed: bytes) -> None:
    assert signed.startswith(paper)
    metadata = str(PdfReader(io.BytesIO(signed)).xmp_metadata.stream.get_data(), "utf-8")  # type: ignore[union-attr]
    assert 'pdfaid:part="3"' in metadata or "<pdfaid:part>3<" in metadata
    assert 'pdfaid:conformance="B"' in metadata or "<pdfaid:conformance>B<" in metadata
    (annotation,) = [one.get_object() for one in PdfReader(io.BytesIO(signed)).pages[0]["/Annots"]]  # type: ignore[attr-defined]
    assert annotation["/F"] & 4  # printed
    assert [float(side) for side in annotation["/Rect"]] == [0, 0, 0, 0] or "/AP" in annotation
    assert page_texts(signed) == page_texts(paper)


def test_what_is_inside_comes_out_as_it_went_in(signed: bytes) -> None:
    reader = PdfReader(io.BytesIO(signed))
    assert {name: files[0].decode() for name, files in reader.attachments.items()} == {
        "certificate.xml": INSIDE[0].text
    }
    (file,) = [one.get_object() for one in reader.trailer["/Root"]["/AF"]]  # type: ignore[index]
    assert (file["/AFRelationship"], file["/EF"]["/F"]["/Subtype"]) == ("/Data", "/application/xml")


def test_a_changed_byte_is_found(signed: bytes, key: SigningKey, tmp_path: Path) -> None:
    at = signed.index(b"/Title")
    forged = signed[: at + 20] + bytes([signed[at + 20] ^ 1]) + signed[at + 21 :]
    assert checked(forged, key, tmp_path).intact is False  # type: ignore[attr-defined]


def test_another_installations_root_does_not_trust_it(signed: bytes, tmp_path: Path) -> None:
    stranger = signing_key.own(tmp_path / "other", BUREAU, NOW)
    status = checked(signed, stranger, tmp_path)
    assert (status.intact, status.trusted) == (True, False)  # type: ignore[attr-defined]


def test_a_time_stamp_is_put_on_when_an_authority_answers(
    paper: bytes, key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamping = SigningKey(key.key, key.certificate, key.chain, is_own=True, timestamp_url="https://tsa.example.test/")
    file = tmp_path / "tsa.p12"
    file.write_bytes(pkcs12(time_stamping=True))
    tsa = signing_key.from_pkcs12(file, "geheim")
    certificate = asn1_x509.Certificate.load(tsa.certificate.public_bytes(serialization.Encoding.DER))
    private = keys.PrivateKeyInfo.load(
        tsa.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    monkeypatch.setattr(signed_pdf, "HTTPTimeStamper", lambda *_, **__: DummyTimeStamper(certificate, private))
    stamped, is_whole = sign_pdf(paper, stamping, reason="签发")
    assert is_whole is True
    status = checked(stamped, key, tmp_path)
    assert status.intact is True  # type: ignore[attr-defined]
    assert status.timestamp_validity is not None  # type: ignore[attr-defined]
    assert status.timestamp_validity.intact is True  # type: ignore[attr-defined]


def test_no_answer_of_the_time_stamping_authority_leaves_a_plain_signature(
    paper: bytes, key: SigningKey, tmp_path: Path
) -> None:
    deaf = SigningKey(key.key, key.certificate, key.chain, is_own=True, timestamp_url="http://127.0.0.1:9/")
    signed, is_whole = sign_pdf(paper, deaf, reason="签发")
    assert is_whole is False
    assert checked(signed, key, tmp_path).bottom_line is True  # type: ignore[attr-defined]


# -- XML


@needs_schema
def test_a_signed_dcc_is_valid_by_schema_and_signature(key: SigningKey, tmp_path: Path) -> None:
    xml = sign_xml(dcc_tree(create_facts(), is_sealed=True), key)
    assert faults(xml) == []
    assert etree.fromstring(xml)[-1].tag == f"{{{NS['ds']}}}Signature"
    (root := tmp_path / "root.pem").write_bytes(key.authority_pem())
    verified = XMLVerifier().verify(xml, ca_pem_file=str(root))
    assert verified.signed_xml.tag.endswith("digitalCalibrationCertificate")
    assert sign_xml(dcc_tree(create_facts(), is_sealed=True), key) == xml


@pytest.mark.parametrize(
    ("was", "now"), [("XXJL-衡-2026", "XXJL-衡-2027"), ("pass", "fail"), ("2027-11-21", "2037-11-21")]
)
def test_a_changed_dcc_is_found(key: SigningKey, was: str, now: str) -> None:
    xml = sign_xml(dcc_tree(create_facts()), key)
    forged = xml.replace(was.encode(), now.encode(), 1)
    assert forged != xml
    with pytest.raises(InvalidSignature):
        XMLVerifier().verify(forged, x509_cert=key.certificate)


# -- keys


def test_the_own_key_is_made_once_says_what_it_is_and_is_its_owners(folder: Path, key: SigningKey) -> None:
    again = signing_key.own(folder, "Another name", NOW + timedelta(days=300))
    assert again.fingerprint == key.fingerprint
    subject = key.certificate.subject.rfc4514_string()
    assert BUREAU in subject
    assert "not a public CA" in subject
    assert key.is_own is True
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    usage = key.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert key.chain[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True


def test_a_key_about_to_run_out_is_renewed_under_the_same_root(folder: Path, key: SigningKey) -> None:
    last_day = key.certificate.not_valid_after_utc - signing_key.RENEWED_BEFORE
    assert signing_key.own(folder, BUREAU, last_day - timedelta(days=1)).fingerprint == key.fingerprint
    renewed = signing_key.own(folder, BUREAU, last_day)
    assert renewed.fingerprint != key.fingerprint
    assert renewed.chain == key.chain
    assert renewed.certificate.not_valid_after_utc > key.certificate.not_valid_after_utc


def test_two_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: signing_key.own(tmp_path / "new", BUREAU, NOW), range(3)))
    assert len({one.fingerprint for one in made}) == 1
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["ca.pem", "signing-001.pem"]


def pkcs12(*, time_stamping: bool = False) -> bytes:
    made_rsa = time_stamping  # the time stamper of the tests knows RSA only
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if made_rsa
        else ec.generate_private_key(ec.SECP256R1())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "示范 CA 签发")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=3650))
    )  # fmt: skip
    if time_stamping:
        usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    how = serialization.BestAvailableEncryption(b"geheim")
    return serialize_key_and_certificates("示范".encode(), key, certificate, None, how)


def test_a_key_of_an_authority_signs_too(paper: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bureau.p12"
    file.write_bytes(pkcs12())
    key = signing_key.from_pkcs12(file, "geheim")
    assert key.is_own is False
    assert checked(sign_pdf(paper, key, reason="签发")[0], key, tmp_path).intact is True  # type: ignore[attr-defined]
    xml = sign_xml(dcc_tree(create_facts()), key)
    assert XMLVerifier().verify(xml, x509_cert=key.certificate).signed_xml is not None


@pytest.mark.parametrize(("content", "passphrase"), [(None, "geheim"), (b"no key", "geheim"), (True, "wrong")])
def test_a_key_that_cannot_be_opened_is_refused(content: object, passphrase: str, tmp_path: Path) -> None:
    file = tmp_path / "bureau.p12"
    if content is not None:
        file.write_bytes(pkcs12() if content is True else content)  # type: ignore[arg-type]
    with pytest.raises(Problem, match="signing_key_unreadable"):
        signing_key.from_pkcs12(file, passphrase)
