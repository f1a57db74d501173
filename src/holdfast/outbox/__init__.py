"""Messages about what has changed, written in the transaction that changes it."""
