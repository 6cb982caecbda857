"""What tests, demos and benchmarks share: local real parts and builders. Imported by nothing."""
