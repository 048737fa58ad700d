"""The way between a site and its hub: the outbox that loses nothing, its sender, the words over the broker, orders."""
