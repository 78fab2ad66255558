"""What people have agreed to, and whether a purpose may be pursued."""
