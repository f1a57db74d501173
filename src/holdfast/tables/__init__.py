"""A restaurant's floor: its tables, and which of them are free."""
