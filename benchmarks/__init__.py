"""What `make bench` measures: every row is a ratio of two things timed in one run, in one browser."""
