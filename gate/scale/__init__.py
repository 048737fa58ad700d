"""The scale: what indicators say, over which line, and what one loading of the deck weighed."""
