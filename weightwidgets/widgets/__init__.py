"""Widgets: typed traits that ask an analysis and publish its answer as frames."""
