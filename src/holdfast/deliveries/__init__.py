"""Messages on their way to those who want them: queued, sent, and sent again until they arrive."""
