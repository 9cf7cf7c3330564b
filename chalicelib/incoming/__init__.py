"""Files on their way in: asked for, sent, arrived."""
