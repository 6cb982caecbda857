"""Seals: trees, keys, keyrings, and every reason to refuse one."""
