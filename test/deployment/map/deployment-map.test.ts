import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type DeploymentMap,
  deploymentMap,
  type MappedFault,
} from '../../../src/deployment/map/deployment-map.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

function mapOf(texts: Readonly<Record<string, string>>, faults: readonly MappedFault[] = []): DeploymentMap {
  return deploymentMap(deploymentOf(texts), (source, path = source.path) => path.slice(1), faults)
}

const NGINX = `upstream app {
    server 127.0.0.1:9000;
    server 127.0.0.1:9001 backup;
}
server {
    listen 443 ssl default_server;
    server_name example.org;
    location / {
        proxy_pass http://app;
        proxy_set_header Host $host;
    }
    location /hidden/ {
        internal;
        proxy_pass http://$backend;
    }
}
server {
    listen 80;
    server_name example.org www.example.org;
    return 301 https://example.org$request_uri;
}
server {
    listen 80 default_server;
    return 444;
}
`
const APACHE = `WSGIDaemonProcess app user=app processes=2 threads=10
<VirtualHost 127.0.0.1:9000>
    ServerName example.org
    ServerAlias shop.example.org *.test
    WSGIProcessGroup app
    WSGIApplicationGroup %{GLOBAL}
    WSGIScriptAlias /shop /srv/shop/wsgi.py
</VirtualHost>
<VirtualHost 127.0.0.1:9000>
    ServerName other.example.org
    WSGIScriptAlias / /srv/other/wsgi.py process-group=%{ENV:GROUP}
</VirtualHost>
`
const PORTS = 'Listen 127.0.0.1:9000\n'
const TEXTS = { 'nginx.conf': NGINX, 'ports.conf': PORTS, 'site.conf': APACHE }

test('listeners carry their program, reach and line', () => {
  assert.equal(
    mapOf(TEXTS).listeners.map(({ program, address, tls, loopback, file, line }) => [
      program,
      address,
      tls,
      loopback,
      `${file}:${line}`,
    ]),
    [
      ['nginx', '0.0.0.0:443', true, false, 'nginx.conf:6'],
      ['nginx', '0.0.0.0:80', false, false, 'nginx.conf:18'],
      ['apache', '127.0.0.1:9000', null, true, 'ports.conf:1'],
    ],
  )
})

test('a site says how it answers, and which virtual hosts its requests reach', () => {
  const [tls, plain, rest] = mapOf(TEXTS).sites
  assert.equal(tls?.listens, [{ address: '0.0.0.0:443', tls: true, default: true }])
  assert.equal(
    tls?.hops.map(({ location, pass, reachable, hosts, virtualHosts, line }) => ({
      location,
      pass,
      reachable,
      hosts,
      virtualHosts,
      line,
    })),
    [
      {
        location: 'location /',
        pass: 'http://app',
        reachable: true,
        hosts: ['example.org'],
        virtualHosts: [{ file: 'site.conf', line: 2 }],
        line: 9,
      },
      {
        location: 'location /hidden/',
        pass: 'http://$backend',
        reachable: false,
        hosts: null,
        virtualHosts: [],
        line: 14,
      },
    ],
  )
  assert.equal(
    tls?.hops[0]?.targets.map(({ address, backend, listener }) => [address, backend, listener?.line ?? null]),
    [
      ['127.0.0.1:9000', 'apache', 1],
      ['127.0.0.1:9001', 'unknown', null],
    ],
  )
  assert.equal([plain?.answer, plain?.redirect], ['redirect', 'https://example.org$request_uri'])
  assert.equal([rest?.answer, rest?.redirect, rest?.names], ['refusal', null, ['']])
})

test('virtual hosts stand by address, the default first, each with its names', () => {
  assert.equal(mapOf(TEXTS).virtualHosts, [
    {
      address: '127.0.0.1',
      port: 9000,
      hosts: [
        {
          name: 'example.org',
          default: true,
          aliases: ['shop.example.org'],
          wildAliases: ['*.test'],
          hops: [],
          file: 'site.conf',
          line: 2,
          use: null,
          broken: false,
        },
        {
          name: 'other.example.org',
          default: false,
          aliases: [],
          wildAliases: [],
          hops: [],
          file: 'site.conf',
          line: 9,
          use: null,
          broken: false,
        },
      ],
    },
  ])
})

test('scripts carry their groups, and what only the running server knows is null', () => {
  const { applications, daemons, unknowns } = mapOf(TEXTS)
  assert.equal(
    applications.map(({ path, script, processGroup, applicationGroup, virtualHost, line }) => [
      path,
      script,
      processGroup,
      applicationGroup,
      virtualHost?.line,
      line,
    ]),
    [
      ['/shop', '/srv/shop/wsgi.py', 'app', '%{GLOBAL}', 2, 7],
      ['/', '/srv/other/wsgi.py', null, '%{RESOURCE}', 9, 11],
    ],
  )
  assert.equal(
    daemons.map(({ name, processes, threads, options }) => [name, processes, threads, options.user]),
    [['app', 2, 10, 'app']],
  )
  assert.equal(unknowns, [
    { file: 'nginx.conf', line: 3, reason: '127.0.0.1:9001: not opened by any program of the audit' },
    {
      file: 'nginx.conf',
      line: 14,
      reason: 'a variable or a placeholder decides where `http://$backend` leads',
    },
  ])
})

test('a fault breaks every part it lies in, and no other', () => {
  const fault = (file: string, line: number): MappedFault => ({
    rule: 'a/b',
    message: 'is wrong',
    file,
    line,
  })
  const brokenLines = (faults: readonly MappedFault[]): readonly string[] => {
    const { listeners, sites, virtualHosts, applications, daemons } = mapOf(TEXTS, faults)
    const hosts = virtualHosts.flatMap(address => address.hosts)
    const parts = [...listeners, ...sites, ...sites.flatMap(({ hops }) => hops), ...hosts, ...applications]
    return [...parts, ...daemons].filter(({ broken }) => broken).map(({ file, line }) => `${file}:${line}`)
  }
  assert.equal(brokenLines([]), [])
  assert.equal(brokenLines([fault('nginx.conf', 10)]), ['nginx.conf:5', 'nginx.conf:9'])
  assert.equal(brokenLines([fault('nginx.conf', 18)]), ['nginx.conf:18', 'nginx.conf:17'])
  assert.equal(brokenLines([fault('site.conf', 5)]), ['site.conf:2'])
  assert.equal(brokenLines([fault('site.conf', 11)]), ['site.conf:9', 'site.conf:11'])
  assert.equal(brokenLines([fault('site.conf', 1), fault('ports.conf', 1)]), ['ports.conf:1', 'site.conf:1'])
  assert.equal(brokenLines([fault('other.conf', 5)]), [])
})

test('a virtual host of a macro has the file and line that httpd names', () => {
  const site = `<Macro Site $name>
<VirtualHost 127.0.0.1:9000>
    ServerName $name
</VirtualHost>
</Macro>
Use Site a.example.org
Use Site b.example.org
`
  const { virtualHosts } = mapOf({ 'ports.conf': PORTS, 'site.conf': site })
  assert.equal(
    virtualHosts.flatMap(({ hosts }) => hosts.map(({ name, file, line, use }) => [name, file, line, use])),
    [
      [
        'a.example.org',
        'macro \'site\' (defined on line 1 of "/site.conf") used on line 6 of "/site.conf"',
        1,
        { file: 'site.conf', line: 6 },
      ],
      [
        'b.example.org',
        'macro \'site\' (defined on line 1 of "/site.conf") used on line 7 of "/site.conf"',
        1,
        { file: 'site.conf', line: 7 },
      ],
    ],
  )
})

test('of macros in macros, the line that begins it is the use', () => {
  const site = `<Macro Inner $name>
<VirtualHost 127.0.0.1:9000>
    ServerName $name
</VirtualHost>
</Macro>
<Macro Outer $name>
Use Inner $name
</Macro>
Use Outer a.example.org
`
  const { virtualHosts } = mapOf({ 'ports.conf': PORTS, 'site.conf': site })
  assert.equal(
    virtualHosts.flatMap(({ hosts }) => hosts.map(({ name, use }) => [name, use])),
    [['a.example.org', { file: 'site.conf', line: 9 }]],
  )
})

test.run()
