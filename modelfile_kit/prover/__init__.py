"""Holds a TEMPLATE to its chat template on generated conversations, until every branch was tried."""
