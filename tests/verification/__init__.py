"""Verification against known results: theory, textbooks, hand calculations, other programs."""
