"""The readable engine: SimPy keeps time and order, one module per actor (see docs/model.md)."""
