"""TLS 1.3 between parties that know each other's certificates, and nobody else.

Every certificate is its own trust anchor, and is compared with the plan's SHA-256 besides. There is no authority, no
host name, no session to resume, and no older version to fall back to.
"""

import hashlib
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

from fairshare.errors import PeerError, UsageError
from fairshare.mpc.wire.certificates import Identity

__all__ = ["accepting", "dial", "dialling", "listen", "peer_fingerprint"]

_BACKLOG = 128


def accepting(identity: Identity, trusted: Iterable[str]) -> ssl.SSLContext:
    """For the side that is dialled.

    Args:
        identity: our own.
        trusted: certificates (PEM) of whoever may come.
    """
    return _context(ssl.PROTOCOL_TLS_SERVER, identity, trusted)


def dialling(identity: Identity, trusted: str) -> ssl.SSLContext:
    """For the side that dials one party, whose certificate (PEM) is ``trusted``."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, identity, [trusted])


def _context(protocol: int, identity: Identity, trusted: Iterable[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # a name proves nothing here; the certificate itself is pinned
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # nothing may be resumed
    try:
        context.load_cert_chain(identity.certificate, identity.key)
        context.load_verify_locations(cadata="".join(trusted))
    except (ssl.SSLError, OSError) as error:
        words = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        folder = Path(identity.certificate).parent
        raise UsageError(f"the key and certificates of {identity.name} in {folder} can't be used: {words}") from None
    return context


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: the address can't be listened on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(f"address ({host}:{port}) can't be listened on: {error.strerror or error}") from None


def dial(context: ssl.SSLContext, host: str, port: int, *, name: str, seconds: float) -> ssl.SSLSocket | None:
    """A TLS connection to a server, or None where nobody listens (yet).

    Raises:
        PeerError: whoever listens there does not hold the certificate that the plan names for ``name``.
    """
    try:
        plain = socket.create_connection((host, port), timeout=seconds)
    except OSError:
        return None
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise PeerError(
            f"whoever listens at {host}:{port} does not show the valid certificate that the plan names for {name}: "
            f"{error.verify_message}"
        ) from None
    except OSError:  # it went away, or is no TLS server: perhaps the port's last owner
        plain.close()
        return None


def peer_fingerprint(connection: ssl.SSLSocket) -> str:
    """SHA-256 of the certificate at the other end, in hex."""
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
