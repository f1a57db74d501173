"""Webhooks: messages sent to addresses that admins name, signed, and again until they arrive."""
