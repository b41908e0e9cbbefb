"""What each construct of a chat template became, for `compile --explain`."""
