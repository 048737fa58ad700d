"""The command line: `gatewarden`. Machine-readable output goes to stdout, progress and logs to stderr."""


def main() -> None:
    """Entry point; imported late, because a camera's process imports what its parent was started from."""
    from gate.cli.main import main as run

    run()


__all__ = ["main"]
