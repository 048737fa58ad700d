"""What vision loads, and how it is synthesised, trained, measured and replaced."""
