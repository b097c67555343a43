"""The tests of chainsim."""
