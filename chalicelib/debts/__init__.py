"""What each PC is owed, and what it says it has: until nothing is owed, no file is home."""
