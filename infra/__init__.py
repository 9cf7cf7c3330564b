"""The resources Chalice does not own, the one command that puts them up, and what Chalice has to be told about them."""
