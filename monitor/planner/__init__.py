"""What a marketplace is asked for within its weekly budget: steps, worth of words, what is known, and the plan."""
