"""How two models, chat templates or packages differ, in what they say and in the prompts that they make."""
