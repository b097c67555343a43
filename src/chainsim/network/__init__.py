"""A scenario as integers over ids: what the engines run on."""
