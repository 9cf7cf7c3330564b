"""Files as their owner sees them: to find, look at, put in order, count."""
