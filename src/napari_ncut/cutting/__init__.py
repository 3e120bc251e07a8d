"""Normalised cuts of a graph into N segments."""
