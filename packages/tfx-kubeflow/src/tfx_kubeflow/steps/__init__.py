"""What happens inside a step's pod."""
