"""Volumes larger than memory, cut into tasks that do not change the labels."""
