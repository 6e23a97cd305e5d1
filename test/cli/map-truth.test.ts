import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../src/engine/conf.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

/** What `map`, `trace` and the rules say of connections: each of the five answers, in words that say which. */

const site = (lines: string, name = 'example.org'): string => conf`
  server {
      listen 80;
      server_name ${name};
      ${lines}
  }
`

async function printed(texts: Readonly<Record<string, string>>, ...words: string[]): Promise<string> {
  const { out, errors } = await runIn(scratchTree(texts), words)
  assert.equal(errors, [])
  return out
}

const map = (texts: Readonly<Record<string, string>>, ...more: string[]) =>
  printed(texts, 'map', '.', ...more)
const trace = (texts: Readonly<Record<string, string>>, url = 'http://example.org/') =>
  printed(texts, 'trace', url, '.')
const proxied = (target: string): Readonly<Record<string, string>> => ({
  'site.conf': site(`location / { proxy_pass ${target}; }`),
})

test('unclaimed: no program of the audit opens the address, and another may', async () => {
  const texts = proxied('http://127.0.0.1:3000')
  assert.match(await map(texts), /^\? {5}127\.0\.0\.1:3000, not opened by any program of the audit$/m)
  const way = await trace(texts)
  assert.match(way, /^→ proxied to 127\.0\.0\.1:3000, not opened by any program of the audit$/m)
  assert.not.match(way, '502')
})

const WHOLE = {
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        ${site('location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; }')}
    }
  `,
  'etc/apache2/apache2.conf': conf`
    Listen 127.0.0.1:9000
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
    </VirtualHost>
  `,
}

test('refused: Apache has the site and opens another port', async () => {
  assert.match(
    await map(WHOLE),
    /^! {5}127\.0\.0\.1:3000, connection refused: Apache does not listen there$/m,
  )
  assert.match(
    await trace(WHOLE),
    /^→ 502 from nginx: connection refused: Apache does not listen on 127\.0\.0\.1:3000$/m,
  )
  assert.match(await printed(WHOLE, '.', '-f', 'concise'), 'topology/upstream-port-not-listened')
})

test('listener: a gunicorn unit that binds the port', async () => {
  const texts = {
    ...WHOLE,
    'etc/systemd/system/shop.service': conf`
      [Service]
      ExecStart=/opt/shop/bin/gunicorn --bind 127.0.0.1:3000 shop.wsgi
    `,
  }
  assert.match(
    await map(texts),
    /^ {6}127\.0\.0\.1:3000, where gunicorn listens +etc\/systemd\/system\/shop\.service:2$/m,
  )
  assert.match(await trace(texts), /^→ proxied to 127\.0\.0\.1:3000, where gunicorn listens$/m)
  assert.not.match(await printed(texts, '.', '-f', 'concise'), 'topology/upstream-port-not-listened')
})

test('elsewhere: another machine’s address, and no virtual host of this one', async () => {
  const texts = {
    ...proxied('http://192.0.2.7:9000'),
    'site2.conf': conf`
    <VirtualHost *:9000>
        ServerName 192.0.2.7
    </VirtualHost>
  `,
  }
  const drawn = await map(texts)
  assert.match(drawn, /^ {6}192\.0\.2\.7:9000, another machine$/m)
  assert.not.match(drawn, '→ virtual host')
  assert.match(await trace(texts), /^→ proxied to 192\.0\.2\.7:9000, another machine$/m)
})

test('unknown: a name or a variable hides it', async () => {
  assert.match(
    await map(proxied('http://backend:9000')),
    /^\? {5}backend:9000, only a resolver knows where the name leads$/m,
  )
  const variable = proxied('http://$backend')
  assert.match(await map(variable), /^\? {5}http:\/\/\$backend, which a variable or a placeholder decides$/m)
  assert.match(await trace(variable), /^→ unknown: /m)
})

test('every protocol of nginx is drawn and traced', async () => {
  for (const [pass, words] of [
    ['fastcgi_pass unix:/run/php/php8.2-fpm.sock', 'unix:/run/php/php8.2-fpm.sock by FastCGI'],
    ['uwsgi_pass 127.0.0.1:3031', '127.0.0.1:3031 by uwsgi'],
    ['scgi_pass 127.0.0.1:4000', '127.0.0.1:4000 by SCGI'],
    ['grpc_pass grpc://127.0.0.1:5000', '127.0.0.1:5000 by gRPC'],
    ['memcached_pass 127.0.0.1:11211', '127.0.0.1:11211 by memcached'],
  ] as const) {
    const texts = { 'site.conf': site(`location / { ${pass}; }`) }
    const [address = '', protocol = ''] = words.split(' by ')
    const drawn = await map(texts)
    assert.match(drawn, `by ${protocol}`)
    assert.match(drawn, `${address}, not opened by any program of the audit`)
    assert.not.match(drawn, 'serves files')
    const way = await trace(texts)
    assert.match(way, `connects to ${words}`)
    assert.match(way, `→ proxied to ${address}, not opened by any program of the audit`)
  }
})

const apache = (lines: string): Readonly<Record<string, string>> => ({
  'site.conf': conf`
    Listen 80
    <VirtualHost *:80>
        ServerName example.org
        ${lines}
    </VirtualHost>
  `,
})

test('Apache’s own proxying is drawn and traced', async () => {
  const plain = apache('ProxyPass / http://127.0.0.1:8000/')
  assert.match(await map(plain), /^ {6}\/ → http:\/\/127\.0\.0\.1:8000\/ +site\.conf:4$/m)
  assert.match(await map(plain), /^\? {7}127\.0\.0\.1:8000, not opened by any program of the audit$/m)
  assert.match(
    await trace(plain),
    /^→ proxied to 127\.0\.0\.1:8000, not opened by any program of the audit$/m,
  )

  const balanced = apache(conf`
    <Proxy balancer://pool>
        BalancerMember http://127.0.0.1:8001
        BalancerMember http://127.0.0.1:8002
    </Proxy>
    ProxyPass / balancer://pool/
  `)
  const drawn = await map(balanced)
  assert.match(drawn, '127.0.0.1:8001, not opened')
  assert.match(drawn, '127.0.0.1:8002, not opened')
  assert.match(await trace(balanced), 'one of 2 servers that take turns')

  const handler = apache('DocumentRoot /srv\n    SetHandler "proxy:unix:/run/php/fpm.sock|fcgi://localhost"')
  assert.match(await map(handler), 'SetHandler → proxy:unix:/run/php/fpm.sock|fcgi://localhost by FastCGI')
  const way = await trace(handler)
  assert.match(way, '→ proxied to unix:/run/php/fpm.sock, not opened by any program of the audit')
  assert.not.match(way, 'makes itself')
})

test('placeholders are shown as they are written', async () => {
  const drawn = await map({
    'site.conf': conf`
      upstream app {
          server {{ backend_ip }}:{{ port }};
      }
      server {
          listen {{ ip }}:{{ web_port }} ssl;
          server_name {{ domain }};
          location /{{ path }} {
              proxy_pass http://{{ target }};
          }
          location / {
              proxy_pass http://app;
          }
      }
    `,
  })
  assert.match(drawn, /^ {2}\{\{ domain \}\} +site\.conf:4$/m)
  assert.match(drawn, /^ {4}on \{\{ ip \}\}:\{\{ web_port \}\}, TLS$/m)
  assert.match(drawn, 'location /{{ path }} → http://{{ target }}')
  assert.match(drawn, 'http://{{ target }}, which a variable or a placeholder decides')
})

test('an include that was not read is named', async () => {
  const drawn = await map({
    'etc/nginx/nginx.conf': conf`
      events {
      }
      http {
          include sites/$host.conf;
          include gone.conf;
      }
    `,
  })
  assert.match(drawn, /^\? include not read: .*gone\.conf/m)
})

test('a redirect to the same URL is a loop, whoever says it', async () => {
  for (const target of [
    'http://$host$request_uri',
    'http://example.org:80$request_uri',
    '$request_uri',
    'HTTP://EXAMPLE.ORG$request_uri',
  ])
    assert.match(await trace({ 'site.conf': site(`return 301 ${target};`) }), /^→ loop: /m, target)
  assert.match(
    await trace({ 'site.conf': site('return 301 https://$host$request_uri;') }),
    /^→ 301 from nginx: redirect to https:\/\/example\.org\/$/m,
  )
  assert.match(await trace(apache('Redirect / http://example.org/')), /^→ loop: /m)
})

test('map and trace say the same Host', async () => {
  for (const [line, sent] of [
    ['', '127.0.0.1:9000'],
    ['proxy_set_header Host $host;', 'example.org'],
    ['proxy_set_header Host $host:$server_port;', 'example.org:8080'],
    ['proxy_set_header Host $http_host;', 'example.org:8080'],
    ['proxy_set_header Host shop:81;', 'shop:81'],
  ] as const) {
    const texts = {
      'etc/nginx/nginx.conf': conf`
        events {
        }
        http {
            server {
                listen 8080;
                server_name example.org;
                location / {
                    proxy_pass http://127.0.0.1:9000;
                    ${line}
                }
            }
        }
      `,
    }
    assert.match(await map(texts), `sends Host ${sent}\n`, line)
    const way = await trace(texts, 'http://example.org:8080/')
    assert.ok(new RegExp(`sends Host: ${sent}(?: |\n)`).test(way), line)
  }
})

test('map has a legend for its marks, and draws one name alone', async () => {
  const two = {
    'site.conf':
      site('location / { proxy_pass http://127.0.0.1:1; }') + site('return 444;', 'other.example.org'),
  }
  assert.match(await map(two), /^\? not known from the files of the audit$/m)
  assert.not.match(await map(two), /^!/m)
  const one = await map(two, '--site', 'other.example.org')
  assert.match(one, 'other.example.org')
  assert.not.match(one, '127.0.0.1:1')
  assert.not.match(one, /^\?/m)
  const { code, errors } = await runIn(scratchTree(two), ['map', '.', '--site', 'othre.example.org'])
  assert.is(code, 2)
  assert.match(errors[0] ?? '', /no `server_name` is "othre\.example\.org".*other\.example\.org/)
})

test.run()
