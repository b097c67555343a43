"""What the results of a design say about its factors; `designs` makes the points."""
