"""docs/COMPATIBILITY.md and the small chat templates, one for each of its rows."""
