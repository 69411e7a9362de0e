"""The drawing of flow files."""
