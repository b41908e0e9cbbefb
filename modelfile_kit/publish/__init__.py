"""Publishing to an Ollama server, and seeing that what is there works.

Codes of this package:

====== ====================================================================
MK801  the server answered with an error of its own
MK802  no server answers at the address
MK803  the server fell silent (time limit)
MK804  something else than Ollama answers (HTML, not JSON, a redirect)
MK805  the connection or the stream broke in between
MK806  the server is too old for what is asked
MK807  the server did not take the projector (the second FROM)
MK808  no such model on the server
MK809  a file of the package cannot be read, changed meanwhile or is incomplete
MK810  the package cannot be expressed as a create request
MK811  the published model is not what was sent
MK812  `# PROJECTOR` without its FROM: stock Ollama never sees that file
MK813  the name is no model name
MK814  verification failed, so the model did not get its name
MK820  a capability is missing
MK821  parameters differ
MK822  TEMPLATE differs
MK823  the GGUF's own chat template is in use instead of the TEMPLATE, or the other way round
MK824  SYSTEM, MESSAGEs or the renderer differ
MK825  no prompt format at all: neither a TEMPLATE nor a chat template in the GGUF
MK830  a rendered prompt differs from the reference
MK831  the server refuses to render a prompt
MK832  picture tokens are written twice
MK833  the server counts other prompt tokens than expected
MK834  a running engine of another package is reused and renders by another template
MK835  native mode renders conversations of some kind otherwise than the reference
MK840  the answer does not end by itself
MK841  a turn token in the answer
MK850  a picture is not seen: wrong answers
MK851  the answer is the same without the picture
MK853  the engine crashes while it loads the projector
MK854  the projector cannot be loaded
MK855  the GGUF has no rope.dimension_sections
MK856  no projector
MK857  the engine ended or refused a picture for another reason
MK858  a picture format is not understood
====== ====================================================================
"""

from __future__ import annotations
