"""Go's text/template in Python, as Go 1.24 to 1.26 has it. It knows nothing of Ollama or Jinja."""
