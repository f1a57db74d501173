"""Holdfast books rooms, tables and seats, and never gives a place twice."""

__version__ = "0.1.0"
