"""PostgreSQL: where it is, how to reach it, and how its tables came to be."""
