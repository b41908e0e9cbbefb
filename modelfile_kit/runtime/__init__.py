"""The engines that run models: llama.cpp in a child process, llama-server, and a real Ollama server."""
