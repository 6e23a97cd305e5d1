import { conf } from '../../src/engine/conf.ts'

/** A project of Django in containers, whose settings name a broker, and its workers. */
export const celeryTree = (workers: string, settings: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        ports: ["8000:8000"]
      ${workers}
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
  `,
  'manage.py': '',
  'shop/__init__.py': '',
  'shop/tasks.py': 'def send(): pass\n',
  'shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    CELERY_BROKER_URL = "redis://cache:6379/0"
    ${settings}
  `,
})

/** A service that runs `celery -A shop` with these words. */
export const celeryService = (words: string, name = 'worker'): string => conf`
  ${name}:
    build: .
    command: celery -A shop ${words}
`

/** An application without Django, and a worker of it in containers. */
export const celeryWithoutDjango = (configuration: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        command: uvicorn --host 0.0.0.0 api.main:app
        ports: ["8000:8000"]
      worker:
        build: .
        command: celery -A api.worker worker
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
  `,
  'api/__init__.py': '',
  'api/main.py': 'app = None\n',
  'api/worker.py': conf`
    from celery import Celery
    app = Celery("api", broker="redis://cache:6379/0")
    ${configuration}
  `,
})
