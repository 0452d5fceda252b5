"""The map of every trip there is: the services' own descriptions, merged into one OpenAPI 3.1 document."""

from services.gateway.openapi.collect import Description, collect
from services.gateway.openapi.merge import merge, render

__all__ = ["Description", "collect", "merge", "render"]
