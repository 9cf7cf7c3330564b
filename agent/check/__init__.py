"""Whether all is well: files at home looked at again, and everything they need to come home."""
