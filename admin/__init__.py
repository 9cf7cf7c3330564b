"""What the person who runs a stage does now and then: compare ledger and bucket, send dead letters back."""
