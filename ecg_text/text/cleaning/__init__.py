"""Raw reports become clean words: named steps in pipelines, one for each source."""
