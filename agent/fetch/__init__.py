"""How a file comes: a notice becomes a flight, bytes become a file at home, and a receipt says so."""
