"""How every room refuses, checks, reads a call, replaces a file, writes on a terminal; no torch."""
