/** A WSGI application that answers with what it was told about its request, as one JSON object. */
export const REPORTING_APPLICATION = `import json
import os
import time
from urllib.parse import parse_qs


def application(environ, start_response):
    time.sleep(float(parse_qs(environ.get("QUERY_STRING", "")).get("sleep", ["0"])[0]))
    body = environ["wsgi.input"].read()
    report = {
        "scheme": environ["wsgi.url_scheme"],
        "host": environ.get("HTTP_HOST"),
        "server_name": environ.get("SERVER_NAME"),
        "path": environ.get("PATH_INFO"),
        "remote": environ.get("REMOTE_ADDR"),
        "process_group": environ.get("mod_wsgi.process_group"),
        "application_group": environ.get("mod_wsgi.application_group"),
        "multithread": environ.get("wsgi.multithread"),
        "script": __file__,
        "pid": str(os.getpid()),
        "uid": str(os.getuid()),
        "length": str(len(body)),
    }
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            report[name] = value
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(report).encode()]
`

/** The same for a server that speaks ASGI; `root_path` is the prefix that it was told. */
export const REPORTING_ASGI_APPLICATION = `import json


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    report = {
        "scheme": scope["scheme"],
        "path": scope["path"],
        "root_path": scope.get("root_path"),
        "remote": (scope.get("client") or [None])[0],
    }
    for name, value in scope["headers"]:
        report["HTTP_" + name.decode().upper().replace("-", "_")] = value.decode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(report).encode()})
`

/** What every project of Django has and an example leaves out, as defaults that its own settings replace. */
export const DJANGO_DEFAULTS: Readonly<Record<string, string>> = {
  'sitecustomize.py': `from django.conf import global_settings

global_settings.SECRET_KEY = "a key of the tests"
global_settings.ROOT_URLCONF = "reporting_urls"
`,
  'reporting_urls.py': `from django.http import JsonResponse
from django.urls import re_path


def report(request):
    if request.path.endswith("/fails"):
        raise ValueError("the view fails")
    return JsonResponse({
        "scheme": request.scheme,
        "host": request.get_host(),
        "path": request.path,
        "url": request.build_absolute_uri(),
        "remote": request.META.get("REMOTE_ADDR"),
    })


urlpatterns = [re_path("", report)]
`,
}
