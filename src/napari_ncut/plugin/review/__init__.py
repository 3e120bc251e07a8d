"""The dock Review: the doubtful necks of a split one by one."""
