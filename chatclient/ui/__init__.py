"""The screen: what prompt_toolkit and rich are needed for. Nothing outside this folder imports them."""
