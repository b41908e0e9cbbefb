"""What an editor is told about a Modelfile, a package file and a Go TEMPLATE (Language Server Protocol).

`server.py` alone knows pygls; everything else answers with the plain values of `answers.py`.
"""
