DEBUG = False
ALLOWED_HOSTS = [".example.org"]
ROOT_URLCONF = "shop.urls"
TIME_ZONE = "UTC"
USE_TZ = True
