"""What happens to a shop after the spider yields it, up to the weekly figures."""
