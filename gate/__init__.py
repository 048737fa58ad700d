"""The gate: scale, tickets, passages, fraud rules, evidence, outbox, hub and command line."""
