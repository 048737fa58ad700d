"""Provenance inside the burned-in video itself: a C2PA manifest, signed with the site's own key, without a network.

The certificate is issued by a key that is thrown away at once: a C2PA reader says that the file is unchanged and that
it does not know the signer. Who signed is told by the certificate's public key, which is the evidence key: the name in
it is that key's fingerprint, to be compared with paper. Needs the extra `c2pa`.
"""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.errors import EvidenceError
from gate.evidence.keys import KeyRing

_LASTS = timedelta(days=3650)
_CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"  # a camera's picture, text laid over it


def is_available() -> bool:
    """Whether the extra is installed."""
    return find_spec("c2pa") is not None


def certify(  # noqa: PLR0917 - what, where to, and by whom
    video: Path, out: Path, keys: KeyRing, name: str, software: str, at_ms: int
) -> None:
    """Write a copy of an MP4 with a manifest signed by the key `name`.

    Raises EvidenceError when the extra is not installed, or the video cannot be given a manifest.
    """
    if not is_available():
        raise EvidenceError("C2PA manifests need the extra 'c2pa'")
    c2pa = import_module("c2pa")
    try:
        signer = c2pa.Signer.from_callback(
            lambda data: keys.sign_cose(bytes(data), name),
            c2pa.C2paSigningAlg.ED25519,
            certificates(keys.public_key(name), name, at_ms).decode(),
            None,
        )
        with video.open("rb") as source, out.open("w+b") as signed:
            c2pa.Builder(_manifest(video.stem, software)).sign(signer, "video/mp4", source, signed)
    except c2pa.C2paError as error:
        out.unlink(missing_ok=True)
        raise EvidenceError(f"{video.name}: no C2PA manifest: {error}") from error


def certificates(public_key: bytes, name: str, at_ms: int) -> bytes:
    """PEM of a certificate for a site's key and of the one that issued it, as C2PA's profile wants them."""
    authority = Ed25519PrivateKey.generate()
    begin = datetime.fromtimestamp(at_ms / 1000, UTC) - timedelta(hours=1)
    issuer, subject = _named("Gatewarden, issued once"), _named(name)
    own = Ed25519PublicKey.from_public_bytes(public_key)
    shared = x509.CertificateBuilder().issuer_name(issuer).not_valid_before(begin).not_valid_after(begin + _LASTS)
    root = (
        shared.subject_name(issuer)
        .public_key(authority.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    )
    leaf = (
        shared.subject_name(subject)
        .public_key(own)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    )
    return b"".join(b.sign(authority, None).public_bytes(serialization.Encoding.PEM) for b in (leaf, root))


def _manifest(title: str, software: str) -> dict[str, object]:
    action = {"action": "c2pa.created", "digitalSourceType": _CAPTURE, "softwareAgent": {"name": software}}
    return {
        "claim_generator_info": [{"name": software}],
        "title": title,
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }


def _named(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatewarden site")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
