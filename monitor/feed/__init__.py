"""A handed-over file becomes a crawl directory: opened, its columns recognised, read row by row, written."""
