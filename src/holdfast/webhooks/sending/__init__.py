"""How messages get to webhooks: queued, signed, sent, and sent again."""
