"""Pure rules of identity: roles, addresses, names, passwords, paths, codes. No session, no network, no clock."""
