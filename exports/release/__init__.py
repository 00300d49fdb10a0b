"""Dated releases for researchers: what they hold, how they are written, compared and verified."""
