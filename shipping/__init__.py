"""Puts the agent into people's hands: builds, on Linux, what a Windows PC without Python can unzip and run."""
