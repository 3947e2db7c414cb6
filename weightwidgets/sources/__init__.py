"""What weights can be read from: each is opened as a `Source`, a read-only mapping of names to layers."""
