"""Any messy table that people hand in, as a header and rows: delimited text, workbooks, Parquet."""
