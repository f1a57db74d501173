"""What the web app shows at once: rooms, hours and who holds what."""
