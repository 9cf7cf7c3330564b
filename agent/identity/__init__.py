"""Who this PC is to the cloud: paired, with a key kept safe, until it is told to forget."""
