"""A loopback world of marketplaces with known truth, for rehearsal, tests and benchmarks; no measured week reads it."""
