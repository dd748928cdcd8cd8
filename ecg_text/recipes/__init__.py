"""A run is a method, a data set and numbers; here names become objects."""
