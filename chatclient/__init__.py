"""A chat client for a terminal or a pipe. It shows a server's limits, and speaks to any IRC server."""
