import type { LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

export const cases: readonly LiveCase[] = [
  {
    rule: 'timeouts/nginx-below-apache',
    examples: { bad: 'a second in nginx, a minute in Apache', good: 'the same in both' },
    shows: 'the client gets a 504 while the application finishes',
    request: { url: `${SITE}/?sleep=2` },
    harm: ({ response }) => response.status === 504,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/apache-below-nginx',
    shows: 'Apache answers 504 long before nginx would',
    examples: { bad: 'a second in Apache', good: 'raised on both' },
    request: { url: `${SITE}/?sleep=2` },
    harm: ({ response, log }) =>
      response.status === 504 && log.includes('Timeout when reading response headers from daemon process'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/apache-below-nginx',
    shows: 'Apache waits no longer than socket-timeout says for its daemon process',
    examples: { bad: 'a second of the daemon process', good: 'raised on both' },
    request: { url: `${SITE}/?sleep=2` },
    harm: ({ response, log }) =>
      response.status === 504 && log.includes('Timeout when reading response headers from daemon process'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/wsgi-request-timeout-kills-process',
    examples: { bad: 'three seconds in mod_wsgi, ten in nginx', good: 'as long as nginx waits' },
    shows: 'the process is killed under its request, which is a 500',
    request: { url: `${SITE}/?sleep=4` },
    harm: ({ response, log }) =>
      response.status === 500 && log.includes('Truncated or oversized response headers'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/gunicorn-below-nginx',
    shows: 'gunicorn kills the worker under its request, which is a 502',
    examples: { bad: 'less in its configuration file', good: 'raised in both' },
    smaller: { 'timeout = 120': 'timeout = 1' },
    request: { url: `${SITE}/?sleep=3` },
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('WORKER TIMEOUT'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/uwsgi-harakiri-below-nginx',
    examples: { bad: 'raised in nginx, and not in uWSGI', good: 'raised in both' },
    shows: 'uWSGI kills the worker under its request, which is a 502',
    smaller: { 'harakiri = 30\n': 'harakiri = 1\n' },
    request: { url: `${SITE}/?sleep=4` },
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('HARAKIRI'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/apache-below-php',
    examples: { bad: 'less than the pool has', good: 'raised in both' },
    shows: 'the client gets a 504 while the script runs on',
    files: { 'srv/www/index.php': '<?php sleep(2); echo "done";\n' },
    smaller: { 'ProxyTimeout 120': 'ProxyTimeout 1' },
    request: { url: `${SITE}/index.php` },
    harm: ({ response }) => response.status === 504,
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'timeouts/fpm-below-php',
    shows: 'FPM ends the process in the middle of its script, and nginx answers 502',
    examples: { bad: 'both in the pool', good: 'more than PHP has' },
    files: { 'srv/www/index.php': '<?php for ($i = 0; $i < 50; $i++) { usleep(100000); } echo "done";\n' },
    smaller: { '30s': '1s' },
    request: { url: `${SITE}/index.php` },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'timeouts/nginx-below-php',
    shows: 'the client gets a 504 while the script runs on',
    examples: { bad: 'raised further in the pool', good: 'raised in both' },
    files: { 'srv/www/index.php': '<?php sleep(2); echo "done";\n' },
    smaller: { '120s': '1s', '10m': '10s' },
    request: { url: `${SITE}/index.php` },
    harm: ({ response }) => response.status === 504,
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'timeouts/nginx-below-app-server',
    shows: 'nginx answers 504 while gunicorn still works on the page',
    examples: { bad: 'less in nginx', good: 'raised in both' },
    smaller: { '120s': '1s' },
    files: {
      'etc/shop/shop/__init__.py': '',
      'etc/shop/shop/wsgi.py':
        'import time\n\ndef application(environ, start_response):\n    time.sleep(2)\n    start_response("200 OK", [])\n    return [b"slow"]\n',
    },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 504,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/apache-below-app-server',
    shows: 'Apache answers 502 while gunicorn still works on the page',
    examples: { bad: 'less in Apache', good: 'raised in both' },
    smaller: { 'ProxyTimeout 120': 'ProxyTimeout 1' },
    files: {
      'etc/shop/shop/__init__.py': '',
      'etc/shop/shop/wsgi.py':
        'import time\n\ndef application(environ, start_response):\n    time.sleep(2)\n    start_response("200 OK", [])\n    return [b"slow"]\n',
    },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/gunicorn-below-apache',
    shows: 'gunicorn kills the worker under its request, which is a 502',
    examples: { bad: 'raised for this backend alone', good: 'raised in both' },
    smaller: { 'timeout 60': 'timeout 1' },
    files: {
      'etc/shop/shop/__init__.py': '',
      'etc/shop/shop/wsgi.py':
        'import time\n\ndef application(environ, start_response):\n    time.sleep(3)\n    start_response("200 OK", [])\n    return [b"slow"]\n',
    },
    request: { url: 'http://example.org/' },
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('WORKER TIMEOUT'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/wsgi-request-timeout-missing',
    examples: { bad: 'no limit', good: 'a minute' },
    shows: 'a request that hangs is waited for, and with a limit its process ends',
    smaller: { 'threads=15': 'threads=1', 'request-timeout=60': 'request-timeout=1' },
    request: { url: 'http://example.org:9000/?sleep=7' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status !== 200 && response.failure !== 'ETIMEDOUT',
  },
]
