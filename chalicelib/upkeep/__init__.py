"""What runs by itself: rounds on a schedule, and a word to somebody when something has stopped."""
