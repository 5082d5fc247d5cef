"""A party's key and self-signed certificate. What others trust is its SHA-256 in the plan, and nothing else."""

import datetime as dt
import hashlib
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fairshare.errors import IntegrityError, UsageError

__all__ = ["Identity", "certificate_files", "create_identity", "fingerprint", "sign", "verify"]

_DAYS = 397
_USAGE = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_REST = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


@dataclass(frozen=True)
class Identity:
    """A party's certificate and where its key is.

    Attributes:
        name: the party.
        certificate: path of the certificate, PEM.
        key: path of the private key, PEM, readable by its owner only.
    """

    name: str
    certificate: Path
    key: Path

    @classmethod
    def of(cls, name: str, folder: Path) -> "Identity":
        """The identity that ``create_identity`` left in a folder.

        Raises:
            UsageError: a file is missing, or others may read the key.
        """
        found = cls(name, *certificate_files(name, folder))
        for path in (found.certificate, found.key):
            if not path.is_file():
                raise UsageError(f"{str(path)!r} is missing: run 'fairshare consortium keys {name}' there first")
        if os.name == "posix" and found.key.stat().st_mode & 0o077:
            raise UsageError(f"{str(found.key)!r} must be readable by its owner only: chmod 600 it")
        return found

    @property
    def pem(self) -> str:
        """The certificate's text."""
        return self.certificate.read_text(encoding="ascii")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex."""
        return fingerprint(self.pem)


def certificate_files(name: str, folder: Path) -> tuple[Path, Path]:
    """Where a party's certificate and key are."""
    return folder / f"{name}.cert.pem", folder / f"{name}.key.pem"


def fingerprint(pem: str) -> str:
    """SHA-256 of a certificate, in hex.

    Raises:
        IntegrityError: it is not one certificate in PEM.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
    except ValueError:
        der = b""
    # Decoders stop at the first padding: a second certificate behind it would go unseen here, and be trusted by TLS.
    if not der or ssl.DER_cert_to_PEM_cert(der).split() != pem.split():
        raise IntegrityError("a certificate must be one PEM block and nothing else; ask its party to send it again")
    return hashlib.sha256(der).hexdigest()


def create_identity(
    name: str, folder: Path, *, valid_from: dt.datetime | None = None, days: int = _DAYS, force: bool = False
) -> Identity:
    """Make a key (ECDSA, P-256) and a self-signed leaf certificate for it.

    The key file is created readable by its owner only. SubjectKeyIdentifier, AuthorityKeyIdentifier and KeyUsage are
    there because strict verifiers (Python 3.13) ask for them.

    Args:
        name: the party, as in the plan.
        folder: where to.
        valid_from: when the certificate begins; a minute ago when not given, for clocks that differ.
        days: how long it is valid.
        force: replace an existing identity.

    Raises:
        UsageError: files exist, or can't be written.
    """
    paths = certificate_files(name, folder)
    if not force and any(p.exists() for p in paths):
        raise UsageError(f"{str(paths[1])!r} exists: plans may name its certificate; pass --force to replace it")
    key = ec.generate_private_key(ec.SECP256R1())
    start = valid_from or dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    certificate = _certificate(name, key, start, start + dt.timedelta(days=days))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].unlink(missing_ok=True)
        with os.fdopen(os.open(paths[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
    except OSError as error:
        raise UsageError(f"{str(folder)!r} can't be written: {error.strerror}") from None
    return Identity(name, *paths)


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, start: dt.datetime, end: dt.datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    usage = dict.fromkeys((*_USAGE, *_REST), False) | {"digital_signature": True}
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def sign(identity: Identity, message: bytes) -> str:
    """A party's signature, in hex."""
    key = serialization.load_pem_private_key(identity.key.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UsageError(f"{str(identity.key)!r} must be a key that 'consortium keys' made")
    return key.sign(message, ec.ECDSA(hashes.SHA256())).hex()


def verify(pem: str, message: bytes, signature: str) -> bool:
    """Whether the certificate's owner signed the message."""
    try:
        key = x509.load_pem_x509_certificate(pem.encode("ascii")).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(bytes.fromhex(signature), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
