"""Engines: a compiled network and its draws in, a trajectory out."""
