"""The PostgreSQL and Redis that come with the project, for development, tests and the demo.

    from config.embedded import ensure_services
    environment = ensure_services(base_dir)   # {"DATABASE_URL": …, "REDIS_URL": …}

Everything lives under ``var/`` of one checkout: data in ``var/postgres``, logs in ``var/log``,
sockets in ``var/run`` (or, where that path is too long for a socket, in a private directory under
the system's temporary directory). Nothing here is used in production.
"""

from config.embedded.errors import ServiceError
from config.embedded.services import ensure_services, service_status, stop_services, use_services

__all__ = ["ServiceError", "ensure_services", "service_status", "stop_services", "use_services"]
