import { conf } from '../../src/engine/conf.ts'

/** An image of a project of Django, and the manifest of what runs it. */
export const probedProject = (settings: string, manifest: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
  `,
  'requirements.txt': 'Django==5.1\ngunicorn==22.0.0\n',
  'shop/__init__.py': '',
  'shop/settings.py': settings,
  'shop/urls.py': 'urlpatterns = []\n',
  'shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'k8s/web.yaml': manifest,
})
