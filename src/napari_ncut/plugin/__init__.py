"""All that knows napari and Qt, and nothing else does."""
