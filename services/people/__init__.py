"""The people service: owns who works in a tenant, who leads whom, and which roles they have."""
