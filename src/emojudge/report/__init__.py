"""What people read: tables and figures, made of files that other stages wrote; no torch."""
