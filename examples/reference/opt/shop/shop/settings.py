import os

DEBUG = False
SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
ALLOWED_HOSTS = ["shop.example.org"]

# Apache turns nginx's X-Forwarded-Proto into wsgi.url_scheme, so request.is_secure() is right as it stands.
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
STATIC_URL = "/static/"
STATIC_ROOT = "/var/www/shop.example.org/static"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "shop",
    }
}
USE_TZ = True
