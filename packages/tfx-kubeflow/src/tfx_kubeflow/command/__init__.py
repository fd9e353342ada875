"""The engine of the stock `tfx` command, and a command for what it has no verb for."""
