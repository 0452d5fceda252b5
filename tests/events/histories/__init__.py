"""Whole logs as earlier versions stored them, with their keys and the rows that today's code folds them into."""
