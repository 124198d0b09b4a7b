"""What goes over the wire, sans-IO: bytes in, meaning out, and back. Standard library only.

Nothing here knows a socket, a clock or a limit of this server: bounds come as arguments, and a constant that a
specification fixes stands beside its source. The server and its clients share this package.
"""
