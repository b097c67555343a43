"""Replications, comparisons, sweeps and checks: what is done with many runs."""
