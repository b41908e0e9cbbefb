"""Many models by their headers and chat templates alone: a row for each, a template proven once."""
