"""One frozen model per block of a scenario file: the field, its unit, its range, its meaning."""
