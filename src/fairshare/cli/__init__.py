"""The command line: parse, call the library, exit with a code. It computes nothing of its own."""

from fairshare.cli.entry import main

__all__ = ["main"]
