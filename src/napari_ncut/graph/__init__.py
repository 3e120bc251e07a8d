"""Pixels and their links: weighted graphs, and how they are made coarser."""
