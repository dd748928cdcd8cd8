"""The command line: one verb a job; heavy libraries are imported only by the verb that runs."""
