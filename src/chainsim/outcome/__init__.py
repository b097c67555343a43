"""What happened in a run, whether it kept the laws, and what it is worth."""
