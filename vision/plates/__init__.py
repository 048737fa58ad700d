"""Number plates: where they are, what they say, and what a whole pass says together."""
