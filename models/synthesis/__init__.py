"""Drawing plates of every kind, as cameras see them."""
