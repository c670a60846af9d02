"""Vectors of labelled questions in one file, for experiments with how questions are decided."""
