DEBUG = False
ALLOWED_HOSTS = [".example.org"]
ROOT_URLCONF = "club.urls"
TIME_ZONE = "Asia/Kathmandu"
USE_TZ = True
