"""Shop software that several marketplaces share: one file each, and how it is recognised."""
