"""The PC half of Backhaul: hears what this PC is owed, brings it home, proves it."""

VERSION = "0.1.0"
