"""Matching shops to the registry: pure stages over DataFrames."""
