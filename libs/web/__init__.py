"""Where an event's trip begins and ends: HTTP in, parsed once and strictly; answers and problems out."""
