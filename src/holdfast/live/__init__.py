"""Live updates: what changes, as server-sent events."""
