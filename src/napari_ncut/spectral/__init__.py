"""Eigenvectors of graphs, and how they become segments."""
