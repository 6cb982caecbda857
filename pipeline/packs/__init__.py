"""Policy packs: what laws say of retention, as rules that a policy includes (`packs:`).

A pack never changes once it is released: another text is another version, in a file of its own.
"""
