"""Who may call, and with what: accounts, devices, pairings, tokens and keys. Everything about trust is here."""
