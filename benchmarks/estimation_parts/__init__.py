"""Worlds with known truth, and the checks that the estimators have to pass in them."""
