"""What an operator sees of the server, and what the server asks of the machine."""
