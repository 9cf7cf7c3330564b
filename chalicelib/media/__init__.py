"""Media work: when, where and with what a picture or film was taken, its size, and the previews of it."""
