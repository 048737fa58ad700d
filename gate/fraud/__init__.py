"""The fraud rules: one small module each, and the judge that turns their verdicts into findings."""
