"""A PDF signed by PAdES (ETSI EN 319 142): readers show who signed it and that nothing was changed since.

The signature is added behind the document, which stays as it was byte for byte and stays PDF/A-3. Baseline B-B; with an
address of a time-stamping authority B-T, so that it can be checked after the certificate has run out.
"""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from metrology.documents.signing_key import PaperKey, SigningKey

FIELD: Final = "Signature"
_DIGEST: Final = "sha256"
_RESERVED: Final = 16384
"""Bytes set aside for the signature in hexadecimal, with the certificates in it: measured 7 kB without a time stamp."""
_RESERVED_FOR_STAMP: Final = 32768
_STAMP_TIMEOUT: Final = 5

_log = logging.getLogger(__name__)


class _KeySigner(signers.Signer):
    """A signer with the key at hand: the library's own would read and check the key anew for every signature."""

    def __init__(self, key: PaperKey, certificate: asn1_x509.Certificate, store: SimpleCertificateStore) -> None:
        super().__init__(signing_cert=certificate, cert_registry=store)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002 - the library's own form
        """The bare signature over the signed attributes."""
        if digest_algorithm != _DIGEST:
            raise ValueError(digest_algorithm)
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ECDSA(hashes.SHA256()))


def sign_pdf(pdf: bytes, key: SigningKey, *, reason: str) -> tuple[bytes, bool]:
    """The document with its signature, and whether it has all that was asked for.

    False when the time-stamping authority did not answer: the signature then says this machine's time and the caller
    should not keep it for good.
    """
    if not key.timestamp_url:
        return _signed(pdf, key, reason, None), True
    try:
        return _signed(pdf, key, reason, HTTPTimeStamper(key.timestamp_url, timeout=_STAMP_TIMEOUT)), True
    except (TimestampRequestError, OSError) as error:
        _log.warning("no time stamp from %s: %s", key.timestamp_url, error)
        return _signed(pdf, key, reason, None), False


def _signed(pdf: bytes, key: SigningKey, reason: str, stamper: TimeStamper | None) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=_DIGEST, subfilter=fields.SigSeedSubFilter.PADES, reason=reason
    )
    signer = signers.PdfSigner(metadata, _signer_of(key), timestamper=stamper)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = signer.sign_pdf(writer, bytes_reserved=_RESERVED_FOR_STAMP if stamper else _RESERVED)
    return bytes(out.getvalue())


@lru_cache(maxsize=4)
def _signer_of(key: SigningKey) -> _KeySigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    own = _asn1(key.certificate)
    store.register_multiple([own, *map(_asn1, key.chain)])
    return _KeySigner(key.key, own, store)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
