"""Colorizing networks: pure torch modules, no file access but packaged weights."""
