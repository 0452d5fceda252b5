"""Plugs the gateway together for the embedded profile: the only place here that decides how services are reached."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

import httpx2

from libs.access.inner import PrincipalSigner
from libs.access.tokens import TokenVerifier
from libs.web.limits import MAX_BODY
from services.gateway import server
from services.gateway.api import Gateway
from services.gateway.openapi import Description
from services.gateway.proxy import Proxy
from services.gateway.quotas import Quotas
from services.gateway.routes import RouteTable
from services.gateway.settings import GatewaySettings
from services.gateway.transport import ASGIApp, StreamingASGITransport

SETTINGS = GatewaySettings
"""The settings of this service, for their reference page."""

server_config = server.server_config
"""How uvicorn serves the gateway on a public socket."""


def wire(
    services: Mapping[str, ASGIApp],
    verifier: TokenVerifier,
    signer: PrincipalSigner,
    settings: GatewaySettings | None = None,
    *,
    routes: RouteTable | None = None,
    max_body: int = MAX_BODY,
    clock: Callable[[], float] = time.monotonic,
) -> Gateway:
    """The public app in front of services of this process, by name. The caller runs their lifespans.

    Settings come from the environment unless given; `clock` gives the seconds by which quotas count. Raises
    ValueError when the route table names a service that is not among them.
    """
    settings = settings or GatewaySettings()
    routes = routes or RouteTable()
    missing = sorted(set(routes.services) - services.keys())
    if missing:
        raise ValueError(f"the route table leads to {', '.join(missing)}, which is not wired")
    clients = {name: in_process(name, app) for name, app in services.items()}
    quotas = Quotas(settings.quota_principal, settings.quota_tenant, clock)
    proxy = Proxy(routes, clients, verifier, signer, quotas)
    return Gateway(routes.base, proxy, clients, Description(clients, routes, version("cairn")), max_body)


def in_process(name: str, app: ASGIApp) -> httpx2.AsyncClient:
    """A client that reaches an app of this process as `http://<name>`, streaming both ways."""
    # No time limits of its own: the service answers in its own time, and streams may be silent for long.
    return httpx2.AsyncClient(transport=StreamingASGITransport(app), base_url=f"http://{name}", timeout=None)
