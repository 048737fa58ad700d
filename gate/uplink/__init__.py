"""The way from a site to its hub: the outbox that loses nothing, who sends it, and what is said over the broker."""
