"""The server's edge: what every request passes before the application, and every answer after it."""
