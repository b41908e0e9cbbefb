"""The version of the kit: the one place that the build, reports and commands read it from."""

__version__ = "0.1.0"
