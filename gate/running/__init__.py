"""A site at work: cameras, lines and the chain of judgment held together, live or from recordings."""
