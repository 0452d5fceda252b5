"""What clients send to goals: request bodies, and their way into commands."""
