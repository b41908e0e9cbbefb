"""The package file: read, checked and drafted; and the families that know what a model needs."""
