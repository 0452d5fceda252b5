"""What an event's trip leaves behind for operators: traces, metrics and logs, none of which hold personal data."""
