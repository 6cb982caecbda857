"""Hostile bytes: messages and documents broken with care, fed through the real stage."""
