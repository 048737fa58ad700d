"""The way between a site and its hub: the outbox that loses nothing, who sends it, what is said over the broker, orders."""
