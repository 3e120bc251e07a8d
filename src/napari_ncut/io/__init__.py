"""Files: what they mean and how results are written."""
