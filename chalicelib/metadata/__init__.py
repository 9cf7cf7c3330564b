"""What we know of files, devices and debts: the only package that speaks DynamoDB."""
