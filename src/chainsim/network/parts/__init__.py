"""The parts of a network, compiled one kind at a time."""
