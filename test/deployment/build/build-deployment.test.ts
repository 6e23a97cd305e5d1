import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildDeployment } from '../../../src/deployment/build/build-deployment.ts'
import type { Deployment, Machine, NginxConnection } from '../../../src/deployment/model.ts'
import { DEFAULT_SITE_FACTS } from '../../../src/deployment/site-facts.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { NginxConfiguration } from '../../../src/servers/nginx/configuration.ts'
import { knowsEveryListen } from '../../../src/deployment/programs-of-kind.ts'
import { askServer } from '../../../src/deployment/requests/ask-server.ts'
import { formatEndpoint } from '../../../src/servers/address.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const server = (lines: string, name = 'example.org'): string =>
  `server {\n    listen 80;\n    server_name ${name};\n${lines}\n}\n`
const proxied = (target: string, lines = 'proxy_set_header Host $host;', name?: string): string =>
  server(`    location / {\n        proxy_pass ${target};\n        ${lines}\n    }`, name)
const host = (name: string, lines = '', address = '127.0.0.1:9000'): string =>
  `<VirtualHost ${address}>\n    ServerName ${name}\n${lines}</VirtualHost>\n`

function onlyConnection({ connections: { all, nginx } }: Deployment): NginxConnection {
  assert.is(all.length, 1)
  return nginx[0] as NginxConnection
}

function namesReached(deployment: Deployment): readonly string[] {
  return deployment.connections
    .hostsReachedBy(onlyConnection(deployment))
    .map(({ host }) => host.names[0] ?? '')
}

test('a socket is one listener, whoever asks for it', () => {
  const { listeners } = deploymentOf({
    'nginx.conf': `${server('')}${server('', 'example.net')}`,
    'ports.conf': 'Listen 9000\nListen 127.0.0.1:9001\n',
  })
  assert.equal(
    listeners.map(listener => [
      listener.kind,
      formatEndpoint(listener),
      listener.loopback,
      listener.others.length,
    ]),
    [
      ['nginx', '0.0.0.0:80', false, 1],
      ['apache', '[::]:9000', false, 0],
      ['apache', '127.0.0.1:9001', true, 0],
    ],
  )
})

test('a fragment of locations gets a server of which nothing else is known', () => {
  const deployment = deploymentOf({
    'locations.conf':
      'location /api/ {\n    proxy_pass http://127.0.0.1:9000;\n    proxy_set_header Host $host;\n}\nlocation /files/ {\n    alias /srv/files/;\n}\n',
  })
  assert.is(deployment.servers.length, 0)
  assert.is(deployment.standIns.length, 1)
  const { server, hostsSent, reachable } = onlyConnection(deployment)
  assert.is(server, deployment.standIns[0])
  assert.is(server.listens.length, 0)
  assert.is(hostsSent.known, false)
  assert.is(reachable, undefined)
  assert.is(askServer(deployment, server, '/files/a.css')?.end.kind, 'file')
  assert.is(askServer(deployment, server, '/elsewhere')?.end.kind, 'unknown')
})

test('a fragment of whole servers, or of single lines, gets none', () => {
  assert.is(deploymentOf({ 'site.conf': proxied('http://127.0.0.1:9000') }).standIns.length, 0)
  assert.is(deploymentOf({ 'headers.conf': 'proxy_set_header Host $host;\n' }).standIns.length, 0)
})

test('the sockets of stream are listeners too', () => {
  const { listeners } = deploymentOf({
    'etc/nginx/nginx.conf':
      'events {\n}\nstream {\n    server {\n        listen 127.0.0.1:5432;\n        proxy_pass 10.0.0.5:5432;\n    }\n}\n',
  })
  assert.equal(listeners.map(formatEndpoint), ['127.0.0.1:5432'])
})

test('a connection leads to the Listen that accepts it, or has one of four other answers', () => {
  const backendOf = (target: string, ports: string): string => {
    const deployment = deploymentOf({ 'nginx.conf': proxied(target), 'ports.conf': ports })
    const to = onlyConnection(deployment).targets[0]?.to
    return to === undefined ? 'none' : to.kind === 'listener' ? to.listener.kind : to.kind
  }
  assert.is(backendOf('http://127.0.0.1:9000', 'Listen 127.0.0.1:9000\n'), 'apache')
  assert.is(backendOf('http://127.0.0.1:9000', 'Listen 9000\n'), 'apache')
  assert.is(backendOf('http://[::1]:9000', 'Listen 9000\n'), 'apache')
  assert.is(backendOf('http://[::1]:9000', 'Listen 127.0.0.1:9000\n'), 'refused')
  assert.is(backendOf('http://127.0.0.1:9001', 'Listen 127.0.0.1:9000\n'), 'unclaimed')
  assert.is(backendOf('http://127.0.0.1:80', 'Listen 127.0.0.1:9000\n'), 'nginx')
  assert.is(backendOf('http://192.0.2.7:9000', 'Listen 127.0.0.1:9000\n'), 'elsewhere')
  assert.is(backendOf('http://backend:9000', 'Listen 9000\n'), 'unknown')
  assert.is(backendOf('http://unix:/run/app.sock', 'Listen 9000\n'), 'unclaimed')
  assert.is(backendOf('http://$backend', 'Listen 9000\n'), 'none')
})

test('the hosts file says what a name leads to', () => {
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf': `events {\n}\nhttp {\n${proxied('http://backend:9000')}}\n`,
    'etc/apache2/ports.conf': 'Listen 127.0.0.1:9000\n',
    'etc/hosts': '127.0.0.1 localhost backend # ours\n10.0.0.5 other\n',
  })
  const [target] = onlyConnection(deployment).targets
  assert.is(target?.local, true)
  assert.is(target?.to.kind, 'listener')
  assert.is(deployment.machines[0]?.hosts?.get('other')?.length, 1)
})

test('the name that nginx sends selects the virtual host', () => {
  const reached = (headers: string): readonly string[] =>
    namesReached(
      deploymentOf({
        'nginx.conf': proxied('http://127.0.0.1:9000', headers),
        'ports.conf': 'Listen 127.0.0.1:9000\n',
        'site.conf': host('first.example.org') + host('example.org') + host('fixed.example.org'),
      }),
    )
  assert.equal(reached('proxy_set_header Host $host;'), ['example.org'])
  assert.equal(reached('proxy_set_header Host fixed.example.org;'), ['fixed.example.org'])
  assert.equal(reached('proxy_set_header Host $server_name:$server_port;'), ['example.org'])
  assert.equal(reached('proxy_set_header X-Any 1;'), ['first.example.org'])
})

test('the main server is a host where it answers on a socket of its own', () => {
  const main = (lines: string): Deployment =>
    deploymentOf({
      'etc/nginx/nginx.conf': `events {\n}\nhttp {\n${proxied('http://127.0.0.1:9000')}}\n`,
      'etc/apache2/apache2.conf': `Listen 127.0.0.1:9000\n${lines}`,
    })
  const site = 'ServerName example.org\nDocumentRoot /srv/www\n'
  const alone = main(site)
  assert.equal(namesReached(alone), ['example.org'])
  assert.equal(
    alone.apacheHosts.map(({ directive, addresses }) => [directive, addresses.map(({ port }) => port)]),
    [[null, [9000]]],
  )
  assert.equal(alone.virtualHosts, [])

  const beside = main(`Listen 9001\n${site}${host('other.example.org', '', '*:9001')}`)
  assert.equal(namesReached(beside), ['example.org'])
  assert.equal(beside.apacheHosts.length, 2)

  // A virtual host waits on every socket: what the main server says is what it inherits.
  const hidden = main(`${site}${host('other.example.org', '', '*:9000')}`)
  assert.equal(namesReached(hidden), ['other.example.org'])
  assert.equal(hidden.apacheHosts, hidden.virtualHosts)
  // It answers with nothing that somebody wrote.
  assert.equal(main('ServerName example.org\n').apacheHosts, [])
})

test('port and name join a connection to a virtual host where only a resolver could be certain', () => {
  const deployment = deploymentOf({
    'nginx.conf': proxied('http://example.org:9000'),
    'site.conf': host('example.org', '', '*:9000') + host('other.example.org', '', '*:9000'),
  })
  const [reached, ...others] = deployment.connections.hostsReachedBy(onlyConnection(deployment))
  assert.equal(reached?.host.names, ['example.org'])
  assert.equal(others, [])
  assert.is(reached?.certain, false)
  assert.ok(reached)
  assert.is(deployment.connections.reaching(reached.host)[0], reached)
})

test('what a server does with an ordinary page', () => {
  const answerOf = (lines: string): string | undefined =>
    deploymentOf({ 'nginx.conf': server(lines) }).servers[0]?.answer.kind
  assert.is(answerOf('return 301 https://example.org$request_uri;'), 'redirect')
  assert.is(answerOf('rewrite ^/(.*) https://example.org/$1 permanent;'), 'redirect')
  assert.is(answerOf('return 444;'), 'refusal')
  assert.is(answerOf('root /srv/www;'), 'content')
  assert.is(answerOf('location / {\n proxy_pass http://127.0.0.1:1;\n}'), 'content')
  assert.is(answerOf('location / {\n return 302 /login;\n}'), 'redirect')
  assert.is(answerOf('location /api/ {\n proxy_pass http://127.0.0.1:1;\n}'), 'unknown')
  assert.is(answerOf('if ($host = a) {\n return 301 http://b;\n}\nroot /srv/www;'), 'unknown')
  assert.is(answerOf('rewrite ^/old/(.*) /new/$1 last;\nroot /srv/www;'), 'content')
})

test('TLS is a property of the socket that servers share', () => {
  const { servers } = deploymentOf({
    'nginx.conf':
      'server {\n    listen 443 ssl;\n    server_name a;\n}\nserver {\n    listen 443;\n    server_name b;\n}\nserver {\n    listen 80;\n    server_name c;\n}\n',
  })
  assert.equal(
    servers.map(({ tls, plainListens }) => [tls, plainListens.length]),
    [
      [true, 0],
      [true, 0],
      [false, 1],
    ],
  )
})

test('a header is set, cleared, passed or appended to', () => {
  const { headers } = onlyConnection(
    deploymentOf({
      'nginx.conf': proxied(
        'http://127.0.0.1:9000',
        'proxy_set_header A $scheme; proxy_set_header B ""; proxy_set_header X-C ${http_x_c}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
      ),
    }),
  )
  assert.equal(
    headers.written.map(({ name, state }) => [name, state]),
    [
      ['a', 'set'],
      ['b', 'cleared'],
      ['x-c', 'passed'],
      ['x-forwarded-for', 'appended'],
    ],
  )
  assert.is(headers.open, false)
})

test('in fragments a set that nobody wrote may stand in the missing part', () => {
  const { headers, hostsSent } = onlyConnection(
    deploymentOf({ 'nginx.conf': proxied('http://127.0.0.1:9000', '') }),
  )
  assert.is(headers.open, true)
  assert.is(hostsSent.known, false)
})

test('headers that decide the scheme, and where', () => {
  const deployment = deploymentOf({
    'site.conf':
      'SetEnvIf X-Everywhere on HTTPS=on\n' +
      host(
        'a.example.org',
        '    SetEnvIfNoCase X-Forwarded-Proto "^https$" HTTPS\n    SetEnvIf Request_URI "^/s" HTTPS=on\n    SetEnvIf X-No "1" HTTPS=true\n',
      ) +
      host(
        'b.example.org',
        '    RewriteEngine On\n    RewriteCond %{HTTP:X-Forwarded-Ssl} =on\n    RewriteRule .* - [E=HTTPS:on]\n',
      ),
  })
  const [a, b] = deployment.virtualHosts
  const headers = (which: typeof a) =>
    which === undefined ? [] : deployment.trustsOf(which).map(({ header }) => header)
  assert.equal(headers(a), ['x-everywhere', 'x-forwarded-proto'])
  assert.equal(headers(b), ['x-everywhere', 'x-forwarded-ssl'])
})

test('applications know their group and the daemon processes they may use', () => {
  const { applications, daemons } = deploymentOf({
    'site.conf':
      'WSGIDaemonProcess shared threads=4\n' +
      host(
        'a.example.org',
        '    WSGIDaemonProcess own processes=3\n    WSGIProcessGroup own\n    WSGIScriptAlias / /opt/a.py\n',
      ) +
      host('b.example.org', '    WSGIScriptAlias / /opt/b.py process-group=shared\n'),
  })
  assert.equal(
    applications.map(({ processGroup, visibleDaemons }) => [
      processGroup.known && processGroup.value,
      visibleDaemons.map(({ name }) => name.known && name.value),
    ]),
    [
      ['own', ['own', 'shared']],
      ['shared', ['shared']],
    ],
  )
  assert.equal(
    daemons.map(({ threads, processes }) => [
      threads.known && threads.value,
      processes.known && processes.value,
    ]),
    [
      [4, 1],
      [15, 3],
    ],
  )
})

test('every Listen is known in a whole server, and beside ports.conf', () => {
  assert.is(knowsEveryListen(deploymentOf({ 'site.conf': host('a.example.org') })), false)
  assert.is(
    knowsEveryListen(deploymentOf({ 'ports.conf': 'Listen 9000\n', 'site.conf': host('a.example.org') })),
    true,
  )
})

test('nginx that connects elsewhere on Apache’s port does not share its machine', () => {
  const shares = (target: string): boolean =>
    deploymentOf({ 'nginx.conf': proxied(target), 'ports.conf': 'Listen 8080\n' }).machines.length === 1
  assert.is(shares('http://127.0.0.1:8080'), true)
  assert.is(shares('http://apache:8080'), false)
  assert.is(shares('http://10.0.0.5:8080'), false)
  assert.is(shares('http://10.0.0.5:3000'), true)
})

const everyPass = (uri: string): string => `
  location /a/ { proxy_pass https://127.0.0.1:1; }
  location ~ \\.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; }
  location /c/ { uwsgi_pass 127.0.0.1:3031; }
  location /d/ { scgi_pass 127.0.0.1:4000; }
  location /e/ { grpc_pass grpcs://127.0.0.1:5; }
  location /f/ { memcached_pass 127.0.0.1:11211; }
  location /g/ { uwsgi_pass ${uri}; }`

test('every pass directive of nginx is a connection that knows its protocol', () => {
  const { connections } = deploymentOf({ 'nginx.conf': server(everyPass('$where')) })
  const spoken = new Map(
    connections.nginx.map(({ block, protocol }) => [
      block.args.at(-1)?.value,
      protocol.known ? protocol.value : null,
    ]),
  )
  assert.equal(Object.fromEntries(spoken), {
    '/a/': 'https',
    '\\.php$': 'fastcgi',
    '/c/': 'uwsgi',
    '/d/': 'scgi',
    '/e/': 'grpcs',
    '/f/': 'memcached',
    '/g/': null,
  })
  assert.equal(
    connections.http.map(({ written }) => written),
    ['https://127.0.0.1:1'],
  )
})

test('every proxying form of Apache is a connection', () => {
  const { connections } = deploymentOf({
    'site.conf': host(
      'example.org',
      `ProxyPass /static !
ProxyPass /a http://127.0.0.1:8001/
ProxyPassMatch ^/b/(.*)$ fcgi://127.0.0.1:9100/srv/$1
<Location /c>
    ProxyPass balancer://pool/
</Location>
<Proxy balancer://pool>
    BalancerMember http://127.0.0.1:8002
    BalancerMember http://app:8003
</Proxy>
BalancerMember balancer://others http://127.0.0.1:8005
<FilesMatch \\.php$>
    SetHandler "proxy:unix:/run/php/fpm.sock|fcgi://localhost"
</FilesMatch>
RewriteRule ^/d/(.*) ws://127.0.0.1:8004/$1 [P,L]
RewriteRule ^/e/(.*) http://$1 [P]
RewriteRule ^/f http://127.0.0.1:9/ [R]
RewriteRule ^/g http://127.0.0.1:8006%{REQUEST_URI} [P]
RewriteRule ^/h balancer://others%{REQUEST_URI} [proxy]
RewriteRule ^/i http://127.0.0.1:80%{ENV:DIGITS}/ [P]
`,
    ),
  })
  assert.equal(
    connections.apache.map(({ path, protocol, targets }) => [
      path,
      protocol.known ? protocol.value : null,
      targets.map(({ written, to }) => `${written} ${to.kind}`),
    ]),
    [
      ['/a', 'http', ['127.0.0.1:8001 unclaimed']],
      ['/c', 'http', ['127.0.0.1:8002 unclaimed', 'app:8003 unknown']],
      ['/b/', 'fastcgi', ['127.0.0.1:9100 unclaimed']],
      [null, 'fastcgi', ['unix:/run/php/fpm.sock unclaimed']],
      ['/d/', 'ws', ['127.0.0.1:8004 unclaimed']],
      [null, null, []],
      ['/g', 'http', ['127.0.0.1:8006 unclaimed']],
      ['/h', 'http', ['127.0.0.1:8005 unclaimed']],
      [null, null, []],
    ],
  )
})

const UNIT = '[Service]\nExecStart=/opt/shop/bin/gunicorn --bind 127.0.0.1:3000 shop.wsgi\n'

test('a gunicorn unit opens what it binds', () => {
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf': `events {\n}\nhttp {\n${proxied('http://127.0.0.1:3000')}}\n`,
    'etc/apache2/apache2.conf': `Listen 127.0.0.1:9000\n${host('example.org')}`,
    'etc/systemd/system/shop.service': UNIT,
  })
  const to = onlyConnection(deployment).targets[0]?.to
  assert.is(to?.kind === 'listener' && to.listener.kind, 'app-server')
  const listener = deployment.listeners.find(({ kind }) => kind === 'app-server')
  assert.ok(listener)
  assert.is(deployment.connections.to(listener).length, 1)
})

test('refused where Apache is whole and has the site; unclaimed where nothing is meant for it', () => {
  const toOf = (name: string): string | undefined =>
    onlyConnection(
      deploymentOf({
        'etc/nginx/nginx.conf': `events {\n}\nhttp {\n${proxied('http://127.0.0.1:3000')}}\n`,
        'etc/apache2/apache2.conf': `Listen 127.0.0.1:9000\n${host(name)}`,
      }),
    ).targets[0]?.to.kind
  assert.is(toOf('example.org'), 'refused')
  assert.is(toOf('other.example.org'), 'unclaimed')
})

test('a name leads to the machine of the deployment that has it', () => {
  const read = (texts: Readonly<Record<string, string>>) => deploymentOf(texts).machines[0]
  const front = read({ 'nginx.conf': proxied('http://web:8000') })
  assert.ok(front)
  const deployment = (bind: string) =>
    buildDeployment({
      machines: [
        { name: 'front', files: front.files, nginx: nginxOf(front), apache: [] },
        {
          name: 'web',
          names: ['web'],
          files: memoryFileSystem(
            { 'etc/systemd/system/web.service': UNIT.replace('127.0.0.1:3000', bind) },
            { covers: ['/'] },
          ),
          nginx: [],
          apache: [],
        },
      ],
      facts: DEFAULT_SITE_FACTS,
    })
  const toOf = (bind: string) => onlyConnection(deployment(bind)).targets[0]?.to
  const open = toOf('0.0.0.0:8000')
  assert.is(open?.kind === 'listener' && open.listener.program.machine.name, 'web')
  // A container that binds its own loopback answers nobody else.
  assert.is(toOf('127.0.0.1:8000')?.kind, 'refused')
  assert.is(toOf('0.0.0.0:8001')?.kind, 'unclaimed')
})

function nginxOf({ programs }: Machine): readonly NginxConfiguration[] {
  return programs.flatMap(program => (program.kind === 'nginx' ? [program.configuration] : []))
}

test.run()
