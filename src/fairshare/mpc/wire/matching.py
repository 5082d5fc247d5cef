"""The holders' common secret, a file: keyed hashes of record keys are made with it. No server may have it."""

import os
from pathlib import Path

from fairshare.errors import UsageError

__all__ = ["create_secret", "read_secret"]

_BYTES = 32


def create_secret(path: Path) -> None:
    """Draw a secret into a new file that its owner only can read.

    Raises:
        UsageError: the file exists or can't be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(os.urandom(_BYTES).hex() + "\n")
    except FileExistsError:
        raise UsageError(f"match-key ({str(path)!r}) exists; name another file") from None
    except OSError as error:
        raise UsageError(f"match-key ({str(path)!r}) can't be written: {error.strerror}") from None


def read_secret(path: Path) -> bytes:
    """The secret in a file.

    Raises:
        UsageError: it can't be read, or is not one that ``create_secret`` made.
    """
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise UsageError(f"match-key ({str(path)!r}) can't be read: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise UsageError(f"match-key ({str(path)!r}) must be a file that 'fairshare consortium match-key' made")
    return secret
