"""The rules of goals: pure functions from a goal's state and a command to the facts that follow."""
