"""How every room refuses, checks a number, reads a call and replaces a file; standard library."""
