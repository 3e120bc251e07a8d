"""Objects for other programs: ImageJ, QuPath, tables."""
