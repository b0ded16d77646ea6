"""One file per released schema; written once, never changed."""
