"""A checkpoint: a folder, or a name on a model hub, that holds everything a model needs."""
