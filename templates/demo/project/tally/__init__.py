"""Keeps a list of what was spent."""
