"""`range_test`: which rates a network can be trained with; it leaves no trace."""
