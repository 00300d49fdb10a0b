"""The service that runs the weeks: what is due (pure), what has run (the `runs` table), how it is started."""
