"""Builders: each fills what a test is not about."""
