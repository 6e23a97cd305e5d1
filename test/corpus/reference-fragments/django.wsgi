import os
import site
import sys

site.addsitedir('/srv/books/env/lib/python3.11/site-packages')
sys.stdout = sys.stderr
os.environ['DJANGO_SETTINGS_MODULE'] = 'books.settings'

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
