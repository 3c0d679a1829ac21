"""How the web process runs, in the demo and in the image: ``gunicorn -c config/gunicorn_conf.py``.

``PORT``, ``HOST``, ``WEB_WORKERS`` and ``WEB_THREADS`` come from the environment.
"""

import os

wsgi_app = "config.wsgi:application"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
# How long requests under way may finish when the process is told to stop.
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_SECONDS", "20"))
keepalive = 5
accesslog = os.environ.get("WEB_ACCESS_LOG", "-")
# %(U)s is the path alone: a query string may hold a name that was searched for. Neither the
# referrer nor the request line (%(r)s), which repeat it, are logged.
access_log_format = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(L)ss'
