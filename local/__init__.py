"""The embedded cloud: everything a newcomer needs to run Backhaul on one machine."""
