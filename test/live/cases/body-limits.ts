import { conf } from '../../../src/engine/conf.ts'
import type { LiveCase } from '../live-case.ts'
import { REPORTING_APPLICATION } from '../reporting-application.ts'

const SITE = 'http://example.org'
const MEGABYTE = 1024 ** 2

/** A form that PHP is sent, of which it may throw all away. */
const FORM: Pick<LiveCase, 'files' | 'request' | 'harm' | 'sound'> = {
  files: { 'srv/www/index.php': '<?php echo count($_POST);\n' },
  request: {
    url: `${SITE}/index.php`,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `a=${'x'.repeat(20_000)}`,
  },
  harm: ({ response }) => response.body.trim().endsWith('0'),
  sound: ({ response }) => response.body === '1',
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'body-limits/nginx-default-below-django',
    examples: { bad: 'twenty megabytes in Django, and nothing in nginx', good: 'as much in nginx' },
    shows: 'nginx refuses two megabytes before Django sees them',
    files: { 'opt/shop/shop/wsgi.py': REPORTING_APPLICATION },
    request: { url: `${SITE}/`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.report?.length === String(2 * MEGABYTE),
  },
  {
    rule: 'body-limits/limit-behind-fallback',
    examples: { bad: 'a named location', good: 'the limit of the server' },
    shows: 'two megabytes are refused, though the location that answers takes twenty',
    mirrors: [8000],
    request: { url: `${SITE}/page`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/auth-request-below-location',
    examples: { bad: 'a limit in the location of uploads alone', good: 'the limit of the server' },
    shows: 'two megabytes get 500, though the location that they are for takes twenty',
    mirrors: [8000, 8001],
    request: { url: `${SITE}/upload/page`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/limit-of-served-files',
    examples: { bad: 'the directory of uploads', good: 'the limit of the server' },
    shows:
      'two megabytes for the application are refused, though its directory of uploads has a larger limit',
    mirrors: [8000],
    request: { url: `${SITE}/page`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/apache-below-nginx',
    shows: 'nginx hands two megabytes on, and Apache refuses them',
    examples: { bad: 'in the section for the directory of the site', good: 'no limit of Apache’s own' },
    files: { 'srv/www/index.html': 'Hello\n' },
    request: { url: `${SITE}/index.html`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/django-below-nginx',
    examples: { bad: 'an application without uploads, and its own limit', good: 'as much in both' },
    shows: 'Django answers 400 to three megabytes that are no file',
    request: {
      url: `${SITE}/`,
      method: 'POST',
      body: Buffer.alloc(3 * MEGABYTE),
      headers: { 'Content-Type': 'application/json' },
    },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 200 && response.body === String(3 * MEGABYTE),
  },
  {
    rule: 'body-limits/django-file-limit',
    examples: { bad: 'bodies that a view reads as they are', good: 'the other limit' },
    shows: 'Django answers 400 to three megabytes of JSON, whatever the limit for files is',
    request: {
      url: 'http://example.org:9000/',
      method: 'POST',
      body: Buffer.alloc(3 * MEGABYTE),
      headers: { 'Content-Type': 'application/json' },
    },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 200 && response.body === String(3 * MEGABYTE),
  },
  {
    rule: 'body-limits/chunked-upload-rejected',
    examples: { bad: 'uploads streamed', good: 'buffered' },
    shows: 'an upload without a length is answered with 411',
    request: {
      url: `${SITE}/`,
      method: 'POST',
      body: Buffer.alloc(400_000),
      headers: { 'Transfer-Encoding': 'chunked' },
    },
    harm: ({ response }) => response.status === 411,
    sound: ({ response }) => response.report?.length === '400000',
  },
  {
    rule: 'body-limits/apache-headers-below-nginx',
    examples: { bad: 'raised in nginx alone', good: 'raised in both' },
    shows: 'a header that nginx takes is a 400 of Apache’s',
    request: { url: `${SITE}/`, headers: { Cookie: `session=${'x'.repeat(10_000)}` } },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/uwsgi-headers-below-nginx',
    examples: { bad: 'the default', good: 'as much as the documentation says' },
    shows: 'uWSGI closes the connection of a request with six kilobytes of cookies',
    request: { url: `${SITE}/`, headers: { Cookie: `a=${'x'.repeat(6000)}` } },
    harm: ({ response, logNow }) =>
      response.status === 502 && logNow().includes('invalid request block size'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/uwsgi-headers-below-nginx',
    examples: { bad: 'less than what nginx was told to take', good: 'as much as both were told' },
    shows: 'uWSGI closes the connection of a request with a cookie that nginx has room for',
    request: { url: `${SITE}/`, headers: { Cookie: `a=${'x'.repeat(20_000)}` } },
    harm: ({ response, logNow }) =>
      response.status === 502 && logNow().includes('invalid request block size'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/gunicorn-headers-below-nginx',
    examples: {
      bad: 'a request line of gunicorn',
      good: 'no limit of gunicorn for the line, and as much for a header',
    },
    shows: 'gunicorn answers 400 to a query of six kilobytes, which nginx takes',
    files: { 'etc/shop/shop.py': 'def app(environ, start):\n    start("200 OK", [])\n    return [b"ok"]\n' },
    request: { url: `${SITE}/?columns=${'x'.repeat(6000)}` },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/nginx-below-php',
    examples: { bad: 'less in nginx than in php.ini', good: 'the same in both' },
    shows: 'nginx refuses an upload that PHP takes',
    files: { 'srv/www/index.php': '<?php echo strlen(file_get_contents("php://input"));\n' },
    smaller: { '50m': '50k', '100m': '100k', '100M': '100K' },
    request: { url: `${SITE}/index.php`, method: 'POST', body: Buffer.alloc(80_000) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.body === '80000',
  },
  {
    rule: 'body-limits/nginx-default-below-application',
    examples: { bad: 'Flask with a limit of its own', good: 'raised in nginx, too' },
    shows: 'nginx refuses a body that Flask was told to take',
    // What is answered before it is read ends the connection, now and then before nginx has sent all of it.
    files: {
      'etc/shop/main.py': conf`
        from flask import Flask, request
        app = Flask(__name__)
        app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024

        @app.post("/")
        def take():
            return str(len(request.get_data()))
      `,
    },
    request: { url: `${SITE}/`, method: 'POST', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.body === String(2 * MEGABYTE),
  },
  {
    rule: 'body-limits/nginx-default-below-application',
    examples: { bad: 'WebDAV of Apache', good: 'WebDAV, and room for its files' },
    shows: 'a file of two megabytes is refused',
    request: { url: `${SITE}/picture.tif`, method: 'PUT', body: Buffer.alloc(2 * MEGABYTE) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.status !== 413 && response.failure === null,
  },
  {
    rule: 'body-limits/limit-in-bytes',
    examples: { bad: 'a hundred bytes', good: 'a hundred megabytes' },
    shows: 'a short form is refused',
    mirrors: [9000],
    request: { url: 'http://example.org/', method: 'POST', body: 'x'.repeat(200) },
    harm: ({ response }) => response.status === 413,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'body-limits/php-below-nginx',
    shows: 'a form is empty, though php.ini and nginx take it',
    examples: { bad: 'a pool with less than php.ini', good: 'as much as php.ini' },
    smaller: { '70m': '70k', '64M': '64K', '70M': '70K', '8M': '8K', '10M': '10K' },
    ...FORM,
  },
  {
    rule: 'body-limits/php-post-below-upload',
    shows: 'the fields of a form are gone, and PHP answers as if there were none',
    examples: { bad: 'half of it raised', good: 'both raised' },
    smaller: { '64M': '64K', '8M': '8K', '70M': '70K' },
    ...FORM,
  },
]
