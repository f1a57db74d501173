"""Requests that no decent client sends, by the ten thousand, drawn from a seed."""
