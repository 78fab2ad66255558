"""The command line: one program for the person who runs the academy."""
