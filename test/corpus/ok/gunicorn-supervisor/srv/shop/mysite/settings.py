import os

SECRET_KEY = os.environ["SHOP_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["shop.example.org"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
