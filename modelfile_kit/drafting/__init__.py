"""A first package from whatever there is: a hub's repository, a Modelfile, a trainer's folder."""
