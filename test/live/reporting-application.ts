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
