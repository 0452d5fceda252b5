"""The only public surface: the door where an event's trip begins and the answer to a query leaves.

The gateway owns who may knock (bearer tokens), how often (quotas of a principal and of a tenant), which service
answers a path, and the one merged description of the API. It keeps no state beyond counters and short caches,
parses no bodies and stores nothing; services judge every request by the principal that it signs.
"""
