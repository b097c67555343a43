"""Sweeps: the runs of a study, planned, run once each, kept, and read again.

`points` turns designs into points, `planning` makes a plan of runs, `runs` performs one, `store`
keeps them in one file, `course` runs what is missing, `answers` reads measures back as arrays.
"""
