"""Property tests here are about numbers, not about time: the first call of a kernel compiles it."""

from hypothesis import settings

if settings().deadline is not None:
    settings.register_profile("untimed", parent=settings(), deadline=None)
    settings.load_profile("untimed")
