"""Settings of all tests."""

import hypothesis

# The first call of a compiled loop compiles it, which is no fault of the example it gets.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("default")
