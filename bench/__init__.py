"""The agent measured against its peers: same machine, same server, same files, run by turns."""
