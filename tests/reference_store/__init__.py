"""The reference store, from its tables to its service."""
