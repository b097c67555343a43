"""Commands that are killed, starved and lied to, and must come to the same results all the same."""
