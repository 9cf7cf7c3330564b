"""What this PC says to the cloud and hears from it: the API, the bucket, the queue, and whom it believes."""
