"""Pages and pictures, written where the user asked for them."""

from pathlib import Path

__all__ = ["put"]


def put(file: Path | None, text: str) -> None:
    """Write text and a line's end into a file, whose folder is made; nowhere without one."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
