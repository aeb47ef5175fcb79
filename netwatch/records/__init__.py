"""What a record is: rows and events to records, the values of their fields, and the writers."""
