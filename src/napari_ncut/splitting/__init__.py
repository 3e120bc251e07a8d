"""Splitting touching objects at their necks."""
