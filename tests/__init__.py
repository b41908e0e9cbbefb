"""The tests mirror modelfile_kit: tests/<room>/test_<module>.py; the other files are helpers and judges."""
