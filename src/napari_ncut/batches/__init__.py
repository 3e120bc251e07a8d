"""Folders of files, one after the other or several at once, with a report."""
