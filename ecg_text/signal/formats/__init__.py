"""Files of other people, by their content: each reader turns one format into a recording in millivolts."""
