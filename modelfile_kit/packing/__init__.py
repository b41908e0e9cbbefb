"""A build as others want it: files for a repository on Hugging Face's hub, an OCI artifact for a registry."""
