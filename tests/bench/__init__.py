"""How fast the trip is: ratios taken in one run, reached beside target. `python -m tests.bench [names…]`."""
