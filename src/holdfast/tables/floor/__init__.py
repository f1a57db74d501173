"""What the web app shows of the restaurant's floor. Reads only."""
