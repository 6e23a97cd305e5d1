DEBUG = False
ALLOWED_HOSTS = [".example.org"]
ROOT_URLCONF = "blog.urls"
TIME_ZONE = "UTC"
USE_TZ = True
