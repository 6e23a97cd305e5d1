import os

SECRET_KEY = os.environ["SHOP_KEY"]
DEBUG = os.environ.get("DEBUG") == "True"
ALLOWED_HOSTS = [".example.org"]
