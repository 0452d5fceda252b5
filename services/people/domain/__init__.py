"""The rules of people: pure functions from a person's state and a command to the facts that follow."""
