"""What people see: messages at the console, pictures, and files that are never half written."""
