"""What the maintainers run: the pages made from the code. No part of the installed package."""
