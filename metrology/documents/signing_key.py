"""The key that signs papers (PDF and XML): the bureau's own from a PKCS#12 file, or one the installation makes itself.

An installation without a certificate of a trusted authority makes an authority of its own at first use. Its name says so,
and nobody outside trusts it before they have put its certificate among those they trust; what was signed is then still
found changed or unchanged by everybody.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509.oid import NameOID

from metrology.domain.problems import Problem

CA_YEARS: Final = 20
YEARS: Final = 5
RENEWED_BEFORE: Final = timedelta(days=30)
_BITS: Final = 3072
_OWN: Final = "本系统自签，非第三方认证 / self-made by this installation, not a public CA"

PaperKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """A private key with its certificate and those above it, the nearest first."""

    key: PaperKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    is_own: bool
    """Whether the installation made it itself."""
    timestamp_url: str = ""
    """Address of a time-stamping authority (RFC 3161); empty: signatures say the time of this machine (B-B)."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate: tells one signer from another."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def authority_pem(self) -> bytes:
        """The certificate at the top, for those who want to trust it."""
        top = self.chain[-1] if self.chain else self.certificate
        return top.public_bytes(serialization.Encoding.PEM)


def from_pkcs12(path: Path, passphrase: str, timestamp_url: str = "") -> SigningKey:
    """The key of a PKCS#12 file (.p12, .pfx) as an authority hands it out, or the Problem why it cannot sign."""
    try:
        store = load_pkcs12(path.read_bytes(), passphrase.encode() or None)
    except (OSError, ValueError) as error:
        raise Problem("signing_key_unreadable", "signing_file", path=path.name) from error
    if not isinstance(store.key, PaperKey) or store.cert is None:
        raise Problem("signing_key_unreadable", "signing_file", path=path.name)
    above = tuple(_in_order(store.cert.certificate, [one.certificate for one in store.additional_certs]))
    return SigningKey(store.key, store.cert.certificate, above, is_own=False, timestamp_url=timestamp_url)


def _in_order(certificate: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    while certificate.issuer != certificate.subject:
        above = next((one for one in others if one.subject == certificate.issuer and one not in found), None)
        if above is None:
            break
        found.append(above)
        certificate = above
    return found


# -- of the installation itself


def own(folder: Path, organisation: str, now: datetime, timestamp_url: str = "") -> SigningKey:
    """The installation's own key in this folder: made at first use, renewed under the same authority before it ends.

    Files appear whole or not at all, so that several processes may ask at once; each is readable by its owner only.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _authority(folder / "ca.pem", organisation, now)
    signers = [_read(path) for path in sorted(folder.glob("signing-*.pem"))]
    usable = [
        one
        for one in signers
        if now + RENEWED_BEFORE < one[1].not_valid_after_utc and one[1].issuer == authority[1].subject
    ]
    if not usable:
        number = len(signers) + 1
        made = _made(_name(organisation, "证书签名 Paper signing"), now, YEARS, authority)
        usable = [_kept(folder / f"signing-{number:03d}.pem", made)]
    key, certificate = usable[-1]
    return SigningKey(key, certificate, (authority[1],), is_own=True, timestamp_url=timestamp_url)


_Pair = tuple[RSAPrivateKey, x509.Certificate]


def _authority(path: Path, organisation: str, now: datetime) -> _Pair:
    if path.exists():
        return _read(path)
    return _kept(path, _made(_name(organisation, "证书根 Paper root"), now, CA_YEARS, None))


def _name(organisation: str, role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64] or "metrology"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _OWN[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation[:40]} {role}"[:64]),
        ]
    )


def _made(name: x509.Name, now: datetime, years: int, above: _Pair | None) -> _Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    issuer_key, issuer = above or (key, None)
    day = now.replace(minute=0, second=0, microsecond=0)
    last = day + timedelta(days=365 * years)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(min(last, issuer.not_valid_after_utc) if issuer else last)
        .add_extension(
            x509.BasicConstraints(ca=issuer is None, path_length=0 if issuer is None else None), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(_usage(is_authority=issuer is None), critical=True)
    )
    return key, builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority, content_commitment=not is_authority, key_cert_sign=is_authority,
        crl_sign=is_authority, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _read(path: Path) -> _Pair:
    text = path.read_bytes()
    key = serialization.load_pem_private_key(text, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise Problem("signing_key_unreadable", "signing_file", path=path.name)
    return key, x509.load_pem_x509_certificate(text)


def _kept(path: Path, pair: _Pair) -> _Pair:
    """Keep key and certificate in one file; what another process put there meanwhile is taken instead."""
    key, certificate = pair
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{secrets.token_hex(4)}")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return _read(path)
    finally:
        Path(name).unlink()
    return pair
