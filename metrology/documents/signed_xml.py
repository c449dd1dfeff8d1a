"""XML signed by XMLDSig: an enveloped signature at the end of the document, where the DCC schema has its place."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from metrology.documents.dcc_elements import Element
from metrology.documents.signing_key import SigningKey


def sign_xml(root: Element, key: SigningKey) -> bytes:
    """The document with its signature; the certificates are in it, the same document and key (RSA) give the same bytes."""
    is_rsa = isinstance(key.key, RSAPrivateKey)
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(root, key=key.key, cert=[key.certificate, *key.chain])
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))
