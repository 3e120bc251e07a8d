"""The dock "Batch": a folder of files, done in processes of their own."""
