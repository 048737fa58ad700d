"""The command line: `gatewarden`. Machine-readable output goes to stdout, progress and logs to stderr."""

from gate.cli.main import main

__all__ = ["main"]
