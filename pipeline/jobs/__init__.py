"""Runnable jobs. `enforce` is the main one; `supervise` keeps it running."""
