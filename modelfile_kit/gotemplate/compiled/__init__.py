"""The fast evaluator: a tree becomes closures, which hand over to `exec` where in doubt."""
