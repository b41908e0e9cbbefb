"""An Ollama server's HTTP API: where it is, what is asked, what is answered."""
