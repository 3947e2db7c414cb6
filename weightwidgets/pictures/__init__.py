"""Pictures without a front end: what a view shows, drawn in Python."""
