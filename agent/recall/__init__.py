"""Files sent back to the cloud when their owner asks for them there: found at home, proven whole, sent again."""
