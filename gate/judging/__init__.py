"""From facts to findings: the one chain that run, replay and judge share, and the logs it is fed from."""
