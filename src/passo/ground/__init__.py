"""How every room refuses, checks, reads a call, replaces a file and writes on a terminal; stdlib."""
