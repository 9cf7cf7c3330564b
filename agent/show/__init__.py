"""What people see: the display, `status`, notices on the screen, the log."""
