"""Better borders: local search, minimum cuts and exchanges between segments."""
