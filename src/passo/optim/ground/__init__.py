"""What attach, the drop-in, the range test and the recorder stand on: fields, updates, ranks."""
