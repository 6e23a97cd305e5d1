import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FollowedRequest, RequestEnd } from '../../../src/deployment/requests/answer.ts'
import {
  clientRequest,
  PATHS,
  pathsBelowLocations,
  requestsToHost,
  requestsToServer,
} from '../../../src/deployment/requests/made-up-requests.ts'
import { probe, probeRedirects } from '../../../src/deployment/requests/probe.ts'
import { deploymentOf } from '../../rules/audit-files.ts'
import { APACHE, both, DAEMON, NGINX, PASS, server, type Texts } from './trace-texts.ts'

function shown(end: RequestEnd): string {
  switch (end.kind) {
    case 'status':
      return `${end.status} ${end.by}`
    case 'redirect':
      return `${end.status} ${end.location}`
    case 'file':
      return `file ${end.path}`
    case 'handler':
      return `handler ${end.name}`
    case 'application':
      return `application ${end.script}`
    case 'backend':
      return `backend ${end.address} ${end.script ?? end.uri}`
    default:
      return `${end.kind}: ${end.reason}`
  }
}

function ask(texts: Texts, target: string, scheme: 'http' | 'https' = 'http'): FollowedRequest {
  return probe(deploymentOf(texts), clientRequest({ scheme, host: 'example.org', target }))
}

const TLS = '443 ssl'

test('an answer is kept, and a question of its own has one of its own', () => {
  const deployment = deploymentOf(both(server(PASS)))
  const request = clientRequest({ scheme: 'http', host: 'example.org' })
  assert.is(probe(deployment, request), probe(deployment, { ...request }))
  assert.is.not(probe(deployment, request), probe(deployment, { ...request, method: 'POST' }))
})

test('a page that no file is goes to the application', () => {
  const site = (lines: string) => ({
    'etc/nginx/nginx.conf': NGINX(server(`root /srv/www; ${lines}`)),
  })
  const php =
    'location ~ \\.php$ { fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:/run/php.sock; }'
  const { end } = ask(site(`location / { try_files $uri $uri/ /index.php?$args; } ${php}`), PATHS.missingPage)
  assert.is(shown(end), 'backend unix:/run/php.sock /srv/www/index.php')
  assert.is(shown(ask(site(''), PATHS.missingPage).end), '404 nginx')
  assert.is(
    shown(ask(site(`location / { try_files $uri =404; } ${php}`), PATHS.uploadedScript).end),
    'backend unix:/run/php.sock /srv/www/uploads/some-file-5d2b.php',
  )
})

test('a .htaccess of the tree is followed behind nginx', () => {
  const apache = APACHE('DocumentRoot /srv/www\n<Directory /srv/www>\nAllowOverride All\n</Directory>')
  const texts = {
    ...both(server(PASS), apache),
    'srv/www/index.php': '<?php',
    'srv/www/.htaccess':
      'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.php [L]\nRedirect 301 /style.css http://example.org/new.css\n',
    'srv/www/style.css': 'x',
  }
  const { end, steps } = ask(texts, PATHS.missingPage)
  // Nothing loads PHP, so that its source is sent.
  assert.is(shown(end), 'file /srv/www/index.php')
  assert.ok(steps.some(({ text }) => text === 'internal redirect to `/index.php`'))
  assert.ok(steps.some(({ directive }) => directive?.name === 'RewriteRule'))
  assert.is(shown(ask(texts, '/style.css').end), '301 http://example.org/new.css')
})

test('a backend that fails is answered by the page of nginx', () => {
  const lines =
    'root /srv/www; error_page 502 /busy.html; location = /busy.html { } location / { proxy_pass http://127.0.0.1:9001; }'
  const texts = { ...both(server(lines)), 'srv/www/busy.html': 'x' }
  assert.is(shown(ask(texts, '/').end), 'file /srv/www/busy.html')
})

test('proxy_redirect takes the port of the backend off', () => {
  const apache = APACHE(`UseCanonicalName On\nServerName example.org:9000\nRedirect /old /new\n${DAEMON}`)
  const pass = (more: string) =>
    `location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $proxy_host; ${more} }`
  assert.is(shown(ask(both(server(pass('')), apache), '/old').end), '302 http://example.org:9000/new')
  assert.is(
    shown(ask(both(server(pass('proxy_redirect http://example.org:9000/ /;')), apache), '/old').end),
    '302 http://example.org/new',
  )
})

function chain(texts: Texts, target = '/', scheme: 'http' | 'https' = 'http'): string {
  const { requests, end } = probeRedirects(
    deploymentOf(texts),
    clientRequest({ scheme, host: 'example.org', target }),
  )
  const last = requests.at(-1)
  return `${requests.length} ${end.kind}${end.kind === 'answered' && last ? ` ${shown(last.end)}` : ''}`
}

const TO_HTTPS = server('return 301 https://$host$request_uri;')
const CERTIFICATE = 'ssl_certificate /etc/c; ssl_certificate_key /etc/k;'

test('redirects are followed to their end', () => {
  const tls = server(`${CERTIFICATE} ${PASS}`, TLS)
  assert.is(chain(both(TO_HTTPS + tls)), '2 answered application /srv/app/wsgi.py')
  assert.is(chain(both(TO_HTTPS)), '2 answered refused: neither nginx nor Apache listens on port 443')
  assert.is(chain(both(server('return 302 https://other.test/;'))), '1 elsewhere')
  assert.is(chain(both(server('return 302 mailto:a@b;'))), '1 no-url')
  assert.is(chain(both(server('return 302 /x$request_uri;'))), '21 limit')
})

test('a loop may lead over several servers and conditions', () => {
  const back = server(`${CERTIFICATE} return 302 http://$host$request_uri;`, TLS)
  assert.is(chain(both(TO_HTTPS + back)), '2 loop')
  const apache = APACHE(
    `RewriteEngine On\nRewriteCond %{HTTPS} !=on\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301]\n${DAEMON}`,
  )
  // Apache never sees the TLS that nginx terminates.
  assert.is(chain(both(server(`${CERTIFICATE} ${PASS}`, TLS), apache), '/', 'https'), '1 loop')
  const forwarded = APACHE(
    `RewriteEngine On\nRewriteCond %{HTTP:X-Forwarded-Proto} !=https\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301]\n${DAEMON}`,
  )
  const told = PASS.replace('}', 'proxy_set_header X-Forwarded-Proto $scheme; }')
  assert.is(
    chain(both(server(`${CERTIFICATE} ${told}`, TLS), forwarded), '/', 'https'),
    '1 answered application /srv/app/wsgi.py',
  )
})

test('what a probe cannot decide is unknown', () => {
  const apache = APACHE('DocumentRoot /elsewhere\n<Directory /elsewhere>\nAllowOverride All\n</Directory>')
  assert.is(ask(both(server(PASS), apache), PATHS.missingPage).end.kind, 'unknown')
  assert.is(ask(both(server('location / { proxy_pass http://$cookie_b; }')), '/').end.kind, 'status')
  assert.is(ask(both(server('location / { proxy_pass http://$time_local; }')), '/').end.kind, 'unknown')
})

test('requests are made for each name and socket that the network reaches', () => {
  const texts = both(
    'server { listen 80; listen 443 ssl; listen 127.0.0.1:81; server_name a.test b.test *.c.test; location /s/ { alias /srv/s/; location /s/in { } } }\n',
    APACHE(DAEMON).replaceAll('127.0.0.1:9000', '*:9000'),
  )
  const deployment = deploymentOf(texts)
  const [first] = deployment.servers
  assert.ok(first)
  assert.equal(
    requestsToServer(deployment, first, '/x').map(
      ({ scheme, host, port, target }) => `${scheme} ${host}:${port}${target}`,
    ),
    ['http a.test:80/x', 'http b.test:80/x', 'https a.test:443/x', 'https b.test:443/x'],
  )
  assert.equal(pathsBelowLocations(first), ['/s/some-file-5d2b.css', '/s/in/some-file-5d2b.css'])
  const [host] = deployment.virtualHosts
  assert.ok(host)
  assert.equal(
    requestsToHost(deployment, host).map(({ scheme, host: name, port }) => `${scheme} ${name}:${port}`),
    ['http example.org:9000'],
  )
})

test.run()
