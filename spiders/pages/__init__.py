"""What the answers of the larger marketplaces hold: one module each, pure functions from an answer to a page."""
