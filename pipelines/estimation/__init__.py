"""From judgements and probes to figures with intervals: pure functions over arrays and DataFrames."""
