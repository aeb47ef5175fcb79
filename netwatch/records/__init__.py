"""What a record is: rows and events to records, the values of their fields, masking, and the writers."""
