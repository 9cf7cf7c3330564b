"""What lies on this PC: the home folder, where a file goes in it, and the catalog of what is there."""
