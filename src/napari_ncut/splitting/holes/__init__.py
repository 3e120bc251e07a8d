"""Holes in a blob: which lie inside one object, and which are gaps between several."""
