import os

SECRET_KEY = os.environ.get("SECRET_KEY")
DEBUG = bool(int(os.environ.get("DEBUG", default=0)))
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "").split(" ")
# Django 4 and later compare the Origin of forms with the Host, which has no port here.
CSRF_TRUSTED_ORIGINS = ["http://localhost:1337"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
STATIC_URL = "/static/"
STATIC_ROOT = "/home/app/web/staticfiles"
MEDIA_URL = "/media/"
MEDIA_ROOT = "/home/app/web/mediafiles"
