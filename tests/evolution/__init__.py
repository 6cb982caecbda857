"""How our schemas may change: frozen versions, and a checker of what would break somebody."""
