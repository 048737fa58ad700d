"""One module per row of the fraud catalogue."""
